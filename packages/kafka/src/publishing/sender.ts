import type { OutRecord } from '../port.ts';

/** A record to send; `partition` is where an earlier try has put it and it has to stay. */
export type Item = { record: OutRecord; partition?: number };

/** Where a record was written. `offset`: null when its partition had fewer in-sync replicas than its topic wants. */
export type Place = { record: OutRecord; partition: number; offset: bigint | null };

/** What sends records for a producer: a library's producer, with connections of its own. */
export type Sender = {
  readonly connected: Promise<void>;
  /**
   * Begins a batch. With `leavesOut`, records of partitions that have no leader, or of which something was left out before in
   * the same batch, are not sent: what comes later of it must not pass that.
   */
  begin(leavesOut: boolean): void;
  /**
   * Sends records in order per partition, in one record batch each, and repeats what may heal until `stop` aborts.
   *
   * Thrown when some of them are to be left out, and nothing was sent: LeaderlessRecords. Everything else that is thrown
   * leaves open what was written.
   */
  send(items: readonly Item[], stop: AbortSignal): Promise<readonly Place[]>;
  disconnect(): Promise<void>;
  /** Cuts its sockets for good. */
  cut(): void;
};

export type OpenSender = (options: { idempotent: boolean; ackTimeoutMs: number }) => Sender;

/** Thrown in place of sending: these records have no leader, and nothing was sent. */
export class LeaderlessRecords extends Error {
  override readonly name = 'LeaderlessRecords';
  readonly records: readonly OutRecord[];

  constructor(records: readonly OutRecord[]) {
    super(`${records.length} records belong to partitions that have no leader`);
    this.records = records;
  }
}
