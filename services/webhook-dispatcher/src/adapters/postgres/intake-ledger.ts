import { onDatabase } from '@runlane/log-ledger';
import type { PositionCheck } from '@runlane/log-ledger';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { AccountEntry, IntakeLedger, IntakeTransaction, Position, QuarantinedRecord } from '../../app/ports.ts';
import type { IntakePlan, KnownDelivery, NewDelivery, TargetedEvent } from '../../domain/intake-plan.ts';
import { laneKey } from '../../domain/intake-plan.ts';
import { sql } from './statements.ts';

/**
 * The ledger's side of intake, for one consumer group.
 *
 * @param known notices a position that is behind what was seen of it before; made for each batch (`KnownPositions.forBatch`);
 * without it none does
 */
export function createIntakeLedger(pool: Pool, group: string, known: PositionCheck | null = null): IntakeLedger {
  return {
    inTransaction: ({ topic, partition, firstOffset }, work) =>
      onDatabase(() =>
        withTransaction(pool, async (client) => {
          const [held] = await query<{ first_offset: bigint; position: bigint; record_timestamp_ms: bigint }>(
            client,
            sql.openAccount,
            [group, topic, partition, firstOffset],
          );
          if (held === undefined) throw new Error('open-account returned no row');
          const position =
            held.position < held.first_offset
              ? null
              : { offset: held.position, timestampMs: Number(held.record_timestamp_ms) };
          known?.check({ topic, partition }, position?.offset ?? -1n);
          return work(new PostgresIntake(client, { group, topic, partition }, position));
        }),
      ),
  };
}

/** The last record in the ledger of each partition that was ever read. */
export async function readPositions(pool: Pool, group: string, topic: string): Promise<Map<number, bigint>> {
  const rows = await onDatabase(() =>
    query<{ partition: number; position: bigint }>(pool, sql.selectPositions, [group, topic]),
  );
  return new Map(rows.map(({ partition, position }) => [partition, position]));
}

type Source = { group: string; topic: string; partition: number };

type KnownRow = {
  delivery_id: bigint;
  event_id: string;
  run_id: string;
  url_hash: string;
  sequence: bigint;
  is_due: boolean;
  is_retrying: boolean;
  is_terminal: boolean;
  is_replay: boolean;
};

class PostgresIntake implements IntakeTransaction {
  readonly position: Position | null;
  readonly #client: PoolClient;
  readonly #source: Source;
  readonly #endpointIds = new Map<string, bigint>();

  constructor(client: PoolClient, source: Source, position: Position | null) {
    this.#client = client;
    this.#source = source;
    this.position = position;
  }

  async prepare(events: readonly TargetedEvent[]): Promise<KnownDelivery[]> {
    // Sorted, so that members which read the same events from different topics take turns instead of deadlocking.
    const contents = sortedEntries(events.map((event) => [event.eventId, event]));
    await query(this.#client, sql.insertEvents, [
      contents.map(([id]) => id),
      contents.map(([, { body }]) => body),
      contents.map(([, { traceparent }]) => traceparent ?? null),
    ]);
    const sites = sortedEntries(events.map((event) => [event.origin, event.site]));
    const origins = sites.map(([origin]) => origin);
    await query(this.#client, sql.insertEndpoints, [origins, sites.map(([, site]) => site)]);
    const endpoints = await query<{ endpoint_id: bigint; origin: string }>(this.#client, sql.lockEndpointsOfOrigins, [
      origins,
    ]);
    for (const row of endpoints) this.#endpointIds.set(row.origin, row.endpoint_id);
    const lanes = [...new Map(events.map((event) => [laneKey(event), event])).values()];
    const rows = await query<KnownRow>(this.#client, sql.selectKnownDeliveries, [
      lanes.map(({ runId }) => runId),
      lanes.map(({ urlHash }) => urlHash),
    ]);
    return rows.map((row) => ({
      deliveryId: row.delivery_id,
      eventId: row.event_id,
      runId: row.run_id,
      urlHash: row.url_hash,
      sequence: Number(row.sequence),
      isDue: row.is_due,
      isRetrying: row.is_retrying,
      isTerminal: row.is_terminal,
      isReplay: row.is_replay,
    }));
  }

  async write({ deliveries, superseded }: IntakePlan): Promise<void> {
    const { topic, partition } = this.#source;
    await query(this.#client, sql.insertDeliveries, [
      topic,
      partition,
      ...this.#columnsOf(deliveries),
      superseded.map(({ deliveryId }) => deliveryId),
      superseded.map(({ bySequence }) => `Event ${bySequence} of the run came while it waited for a retry.`),
    ]);
  }

  async quarantine(records: readonly QuarantinedRecord[]): Promise<void> {
    const { group, topic, partition } = this.#source;
    await query(this.#client, sql.insertQuarantined, [
      group,
      topic,
      partition,
      records.map(({ offset }) => offset),
      records.map(({ timestampMs }) => timestampMs),
      records.map(({ key }) => key),
      records.map(({ value }) => value),
      records.map(({ headers }) => JSON.stringify(headers).replaceAll('\\u0000', '')),
      records.map(({ code }) => code),
      records.map(({ message }) => message.replaceAll('\0', '')),
    ]);
  }

  async takeOut({ offset, timestampMs }: { offset: bigint; timestampMs: number }): Promise<boolean> {
    const { group, topic, partition } = this.#source;
    const rows = await query(this.#client, sql.deleteQuarantined, [group, topic, partition, offset, timestampMs]);
    return rows.length > 0;
  }

  async close(entry: AccountEntry): Promise<void> {
    const { group, topic, partition } = this.#source;
    await query(this.#client, sql.closeAccount, [
      group,
      topic,
      partition,
      entry.position.offset,
      entry.position.timestampMs,
      entry.withoutTargetCount,
      entry.repeatCount,
      entry.deliveryCount,
      entry.quarantinedCount,
      entry.absentCount,
    ]);
  }

  /** The arrays of insert-deliveries, in the order of its parameters. */
  #columnsOf(deliveries: readonly NewDelivery[]): unknown[][] {
    const events = deliveries.map(({ event }) => event);
    const fates = deliveries.map(({ fate }) => fate);
    return [
      events.map((event) => event.eventId),
      events.map((event) => event.urlHash),
      events.map((event) => event.url),
      events.map((event) => this.#endpointIds.get(event.origin)),
      events.map((event) => event.runId),
      events.map((event) => event.sequence),
      events.map((event) => event.type),
      events.map((event) => event.isTerminal),
      fates.map((fate) => fate.state === 'due' && fate.isReady),
      fates.map((fate) => (fate.state === 'dead' ? fate.reason : null)),
      fates.map((fate) => (fate.state === 'dead' ? fate.detail : null)),
      events.map((event) => event.offset),
    ];
  }
}

/** Of entries with the same key the first one, by key. */
function sortedEntries<V>(entries: [string, V][]): [string, V][] {
  return [...new Map(entries.toReversed())].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
