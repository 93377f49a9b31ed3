/**
 * Purpose   Intake: turns a batch of status events of one partition into deliveries of the ledger, in one transaction.
 * Order     decode → lock the account → skip what was seen → bodies → lock the endpoints if anything is known of the runs → plan
 *           → write → account → lock them, if they are not → line up → commit. The caller commits the Kafka offset after that. No HTTP here.
 * I4        The position, and one delivery per event and URL: a repeated record changes nothing.
 * I10       A batch that fails because of its content is taken record by record, and a record that still fails is
 *           quarantined.
 * I11       A dependency that is away rejects with RetryableError: nothing is written, the batch comes again.
 * I14       Every offset is counted by what was done with it.
 */
import type { InRecord, PartitionBatch, TopicPartition } from '@runlane/kafka';
import { lostBefore, receiveBatch, unseenRecords } from '@runlane/log-ledger';
import type { Batch, PositionOwner, Stoppages } from '@runlane/log-ledger';
import type { Logger } from '@runlane/service-kit';
import { planIntake } from '../../domain/intake-plan.ts';
import type { TargetedEvent } from '../../domain/intake-plan.ts';
import type { IntakeLedger, IntakeTransaction, QuarantineCode, QuarantinedRecord, StoredDelivery } from '../ports.ts';

/** A record after decoding. */
export type Reading = {
  record: InRecord;
  content:
    | { kind: 'event'; event: TargetedEvent }
    | { kind: 'without_target' }
    | { kind: 'quarantine'; code: QuarantineCode; message: string };
};

/** What became of a batch; for logs and metrics. */
export type IntakeReport = {
  deliveryCount: number;
  /** Deliveries that were dead when they were stored. */
  deadCount: number;
  supersededCount: number;
  withoutTargetCount: number;
  repeatCount: number;
  skippedCount: number;
  absentCount: number;
  /** Records that the topic has lost, by its retention, between the position and the batch. */
  lostCount: number;
  quarantined: QuarantineCode[];
};

export type IntakeDependencies = {
  /** Thrown: RetryableError while the schema registry is away. Everything else is a reading. */
  read: (record: InRecord) => Promise<Reading>;
  ledger: IntakeLedger;
  /** The offset behind the last record of the partition, as the broker has it now. */
  endOffset: (topic: string, partition: number) => Promise<bigint>;
  /** Told of the deliveries that are due when they are committed. */
  onStored: (deliveries: readonly StoredDelivery[]) => void;
  report: (report: IntakeReport, at: TopicPartition) => void;
  /** Told when everything through this record is committed. */
  taken?: (last: InRecord) => void;
  /** Records that failed, and partitions that have stopped. */
  stoppages: Stoppages;
  logger: Logger;
};

/** Where the position of intake is kept. */
export const positionOwner: PositionOwner = { services: 'webhook-dispatchers', table: 'webhooks.accounts' };

/**
 * Takes consecutive records of one partition in.
 *
 * Thrown: RetryableError when a dependency is away; FatalError when the stored position does not belong to this topic.
 */
export function receiveStatusEvents(
  batch: Pick<PartitionBatch, 'records' | 'highWatermark' | 'lowWatermark'>,
  needs: IntakeDependencies,
): Promise<void> {
  return receiveBatch<Reading>(batch, {
    read: needs.read,
    take: (readings) => takeIn(readings, needs),
    giveUp: ({ record }, message) => ({ record, content: { kind: 'quarantine', code: 'processing_failed', message } }),
    ...(needs.taken === undefined ? {} : { taken: needs.taken }),
    stoppages: needs.stoppages,
    name: 'intake',
    logger: needs.logger,
  });
}

async function takeIn(batch: Batch<Reading>, needs: IntakeDependencies): Promise<void> {
  const first = batch.readings[0]?.record;
  if (first === undefined) return;
  const at = { topic: first.topic, partition: first.partition, firstOffset: first.offset };
  const { report, stored } = await needs.ledger.inTransaction(at, (transaction) =>
    takeInWithin(batch, transaction, needs),
  );
  needs.report(report, { topic: first.topic, partition: first.partition });
  if (report.deliveryCount > 0) needs.onStored(stored);
}

async function takeInWithin(
  batch: Batch<Reading>,
  transaction: IntakeTransaction,
  needs: IntakeDependencies,
): Promise<{ report: IntakeReport; stored: StoredDelivery[] }> {
  const fresh = await unseenRecords(batch, transaction.position, needs.endOffset, positionOwner);
  const events: TargetedEvent[] = [];
  const quarantined: QuarantinedRecord[] = [];
  let withoutTargetCount = 0;
  for (const { record, content } of fresh) {
    if (content.kind === 'event') events.push(content.event);
    else if (content.kind === 'without_target') withoutTargetCount += 1;
    else quarantined.push(putAside(record, content));
  }
  const known = events.length > 0 ? await transaction.prepare(events) : [];
  const plan = planIntake(events, known);
  const stored = plan.deliveries.length > 0 ? await transaction.write(plan) : [];
  if (quarantined.length > 0) await transaction.quarantine(quarantined);
  const place = transaction.position?.offset ?? transaction.firstOffset - 1n;
  const report: IntakeReport = {
    deliveryCount: plan.deliveries.length,
    deadCount: plan.deliveries.filter(({ fate }) => fate.state === 'dead').length,
    supersededCount: plan.superseded.length,
    withoutTargetCount,
    repeatCount: plan.repeatCount,
    skippedCount: batch.readings.length - fresh.length,
    absentCount: absentBefore(fresh, place),
    lostCount: lostBefore(fresh, batch, place),
    quarantined: quarantined.map(({ code }) => code),
  };
  const last = fresh.at(-1)?.record;
  if (last !== undefined) {
    const position = { offset: last.offset, timestampMs: last.timestampMs };
    await transaction.close({ ...report, position, quarantinedCount: quarantined.length });
  }
  return { report, stored };
}

/** Offsets between the position and the last record that are missing from the batch. */
function absentBefore(fresh: readonly Reading[], position: bigint): number {
  const last = fresh.at(-1)?.record.offset;
  return last === undefined ? 0 : Number(last - position) - fresh.length;
}

function putAside(record: InRecord, why: { code: QuarantineCode; message: string }): QuarantinedRecord {
  const headers = [...record.headers].map(([name, values]) => [name, values.map((value) => value.toString('base64'))]);
  const { offset, timestampMs, key, value } = record;
  return {
    offset,
    timestampMs,
    key,
    value,
    headers: Object.fromEntries(headers),
    code: why.code,
    message: why.message,
  };
}
