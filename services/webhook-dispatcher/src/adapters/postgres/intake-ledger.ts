import { placesOf, readPositions } from '@runlane/log-ledger';
import type { Places, Position, PositionCheck } from '@runlane/log-ledger';
import { ByteRun, query } from '@runlane/postgres';
import type { Database, SqlValues } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type {
  AccountEntry,
  IntakeLedger,
  IntakeTransaction,
  QuarantinedRecord,
  StoredDelivery,
} from '../../app/ports.ts';
import type { IntakePlan, KnownDelivery, NewDelivery, TargetedEvent } from '../../domain/intake-plan.ts';
import { queueKey } from '../../domain/intake-plan.ts';
import { sql } from './statements.ts';

/**
 * The ledger's side of intake, for one consumer group.
 *
 * @param known notices a position that is behind what was seen of it before; made for each batch (`KnownPositions.forBatch`);
 * without it none does
 */
export function createIntakeLedger(
  database: Database,
  group: string,
  known: PositionCheck | null = null,
): IntakeLedger {
  return {
    inTransaction: ({ topic, partition, firstOffset }, work) =>
      database.transaction(async (client) => {
        const [held] = await query<{ first_offset: bigint; position: bigint; record_timestamp_ms: bigint }>(
          client,
          sql.openAccount,
          { group_name: group, topic, partition, first_offset: firstOffset },
        );
        if (held === undefined) throw new Error('open-account returned no row');
        const position =
          held.position < held.first_offset
            ? null
            : { offset: held.position, timestampMs: Number(held.record_timestamp_ms) };
        known?.check({ topic, partition }, held.position);
        const source = { group, topic, partition };
        return work(new PostgresIntake(client, source, { position, firstOffset: held.first_offset }));
      }),
  };
}

/** The last record in the ledger of each partition that was ever read. */
export function positionsIn(database: Database, group: string, topic: string): Promise<Map<number, bigint>> {
  return readPositions(database, sql.selectPositions, { group, topic });
}

/** The ledger's places in the topic. */
export function placesIn(database: Database, group: string, topic: string): Places {
  const statements = { read: sql.selectPositions, note: sql.noteAccounts, skip: sql.skipLost };
  return placesOf(database, statements, { group, topic });
}

type TopicPlace = { group: string; topic: string; partition: number };

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
  readonly firstOffset: bigint;
  readonly #client: PoolClient;
  readonly #source: TopicPlace;
  readonly #endpointIds = new Map<string, bigint>();
  #hasLocks = false;
  /** Stored deliveries that are due now and have to be brought into line. */
  #ready: TargetedEvent[] = [];

  constructor(client: PoolClient, source: TopicPlace, account: Pick<IntakeTransaction, 'position' | 'firstOffset'>) {
    this.#client = client;
    this.#source = source;
    this.position = account.position;
    this.firstOffset = account.firstOffset;
  }

  async prepare(events: readonly TargetedEvent[]): Promise<KnownDelivery[]> {
    // Sorted, so that members which read the same events from different topics take turns instead of deadlocking.
    const contents = sortedEntries(events.map((event) => [event.eventId, event]));
    await query(this.#client, sql.insertEvents, {
      event_ids: contents.map(([id]) => id),
      ...bodyValues(contents.map(([, { body }]) => body)),
      traceparents: contents.map(([, { traceparent }]) => traceparent ?? null),
    });
    await this.#findEndpoints(sortedEntries(events.map((event) => [event.origin, event.site])));
    const queues = [...new Map(events.map((event) => [queueKey(event), event])).values()];
    let rows = await this.#selectKnown(queues);
    if (rows.length > 0) {
      // Known deliveries may be ending right now. Nobody else writes about new runs, because all their events are in this
      // partition.
      // A mirror of the topic has the same events, in the same order. Only one of the two readers writes the first of them
      // (insert-events); the other sees the rest. A mirror that begins in the middle of a run may make two of its events
      // ready at the same time; they are then sent one after the other, in the order of their arrival, and they have their
      // `sequence`.
      await this.#lockEndpoints(events);
      rows = await this.#selectKnown(queues);
    }
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

  async write({ deliveries, superseded }: IntakePlan): Promise<StoredDelivery[]> {
    const { topic, partition } = this.#source;
    await query(this.#client, sql.insertDeliveries, {
      topic,
      partition,
      ...this.#columnsOf(deliveries),
      ended_delivery_ids: superseded.map(({ deliveryId }) => deliveryId),
      ended_details: superseded.map(
        ({ bySequence }) => `Event ${bySequence} of the run arrived while this one waited for a retry.`,
      ),
    });
    this.#ready = deliveries.flatMap(({ event, fate }) => (fate.state === 'due' && fate.isReady ? [event] : []));
    return deliveries.flatMap(({ event: { origin, runId, urlHash }, fate }) => {
      const endpointId = this.#endpointIds.get(origin);
      return fate.state !== 'due' || endpointId === undefined
        ? []
        : [{ endpointId, runId, urlHash, isNext: fate.isReady }];
    });
  }

  async quarantine(records: readonly QuarantinedRecord[]): Promise<void> {
    const { group, topic, partition } = this.#source;
    await query(this.#client, sql.insertQuarantined, {
      group_name: group,
      topic,
      partition,
      offsets: records.map(({ offset }) => offset),
      timestamps_ms: records.map(({ timestampMs }) => timestampMs),
      keys: records.map(({ key }) => key),
      values: records.map(({ value }) => value),
      headers: records.map(({ headers }) => JSON.stringify(headers).replaceAll('\\u0000', '')),
      codes: records.map(({ code }) => code),
      messages: records.map(({ message }) => message.replaceAll('\0', '')),
    });
  }

  async takeOut({ offset, timestampMs }: { offset: bigint; timestampMs: number }): Promise<boolean> {
    const { group, topic, partition } = this.#source;
    const rows = await query(this.#client, sql.deleteQuarantined, {
      group_name: group,
      topic,
      partition,
      record_offset: offset,
      record_timestamp_ms: timestampMs,
    });
    return rows.length > 0;
  }

  async close(entry: AccountEntry): Promise<void> {
    const { group, topic, partition } = this.#source;
    await query(this.#client, sql.closeAccount, {
      group_name: group,
      topic,
      partition,
      position: entry.position.offset,
      record_timestamp_ms: entry.position.timestampMs,
      without_target_count: entry.withoutTargetCount,
      repeat_count: entry.repeatCount,
      delivery_count: entry.deliveryCount,
      quarantined_count: entry.quarantinedCount,
      absent_count: entry.absentCount,
      lost_count: entry.lostCount,
    });
    await this.#lineUp(this.#ready);
  }

  /** This comes last, because settlements and batches of other partitions may wait for these locks. */
  async #lineUp(ready: readonly TargetedEvent[]): Promise<void> {
    if (ready.length === 0) return;
    if (!this.#hasLocks) {
      const endpointIds = new Set(ready.map(({ origin }) => this.#endpointIds.get(origin)));
      await query(this.#client, sql.lockEndpointsToLineUp, { endpoint_ids: [...endpointIds] });
    }
    const targets = sortedEntries(ready.map((event) => [event.urlHash, this.#endpointIds.get(event.origin)]));
    await query(this.#client, sql.lineUpStored, {
      url_hashes: targets.map(([urlHash]) => urlHash),
      endpoint_ids: targets.map(([, endpointId]) => endpointId),
    });
  }

  /** Reads the ids of the endpoints, and creates the missing ones. */
  async #findEndpoints(sites: [origin: string, site: string][]): Promise<void> {
    const origins = sites.map(([origin]) => origin);
    const find = async (): Promise<void> => {
      const found = await query<{ endpoint_id: bigint; origin: string }>(this.#client, sql.selectEndpointsOfOrigins, {
        origins,
      });
      for (const row of found) this.#endpointIds.set(row.origin, row.endpoint_id);
    };
    await find();
    if (origins.every((origin) => this.#endpointIds.has(origin))) return;
    await query(this.#client, sql.insertEndpoints, { origins, sites: sites.map(([, site]) => site) });
    await find();
  }

  #selectKnown(queues: readonly TargetedEvent[]): Promise<KnownRow[]> {
    return query<KnownRow>(this.#client, sql.selectKnownDeliveries, {
      run_ids: queues.map(({ runId }) => runId),
      url_hashes: queues.map(({ urlHash }) => urlHash),
    });
  }

  async #lockEndpoints(events: readonly TargetedEvent[]): Promise<void> {
    const origins = [...new Set(events.map(({ origin }) => origin))];
    await query(this.#client, sql.lockEndpointsOfOrigins, { origins });
    this.#hasLocks = true;
  }

  /** Parameters of insert-deliveries, one array for each column. */
  #columnsOf(deliveries: readonly NewDelivery[]): SqlValues {
    const events = deliveries.map(({ event }) => event);
    const fates = deliveries.map(({ fate }) => fate);
    return {
      event_ids: events.map((event) => event.eventId),
      url_hashes: events.map((event) => event.urlHash),
      urls: events.map((event) => event.url),
      endpoint_ids: events.map((event) => this.#endpointIds.get(event.origin)),
      run_ids: events.map((event) => event.runId),
      sequences: events.map((event) => event.sequence),
      event_types: events.map((event) => event.type),
      is_terminal: events.map((event) => event.isTerminal),
      is_ready: fates.map((fate) => fate.state === 'due' && fate.isReady),
      dead_reasons: fates.map((fate) => (fate.state === 'dead' ? fate.reason : null)),
      details: fates.map((fate) => (fate.state === 'dead' ? fate.detail : null)),
      offsets: events.map((event) => event.offset),
    };
  }
}

/** Parameters of insert-events. */
function bodyValues(bodies: readonly Buffer[]): SqlValues {
  const bytes = new ByteRun();
  const spans = bodies.map((body) => bytes.add(body));
  return {
    bodies: bytes.concat(),
    body_bytes: spans.map(({ length }) => length),
    body_starts: spans.map(({ offset }) => offset),
  };
}

/** Of entries with the same key the first one, by key. */
function sortedEntries<V>(entries: [string, V][]): [string, V][] {
  return [...new Map(entries.toReversed())].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
