import type { ThreadStatus } from '@runlane/contracts';
import { placesOf, readPositions } from '@runlane/log-ledger';
import type { Places, Position, PositionCheck } from '@runlane/log-ledger';
import type { OutRecord } from '@runlane/kafka';
import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { AdmissionLedger, AdmissionTransaction, Cancelling, WrittenPlan } from '../../app/ports.ts';
import type { AdmissionPlan } from '../../domain/admission-plan.ts';
import type { KnownRun } from '../../domain/admission.ts';
import type { StoredAssistant } from '../../domain/assistant.ts';
import { withLast } from '../../domain/lane.ts';
import type { InFlightRun, Lane } from '../../domain/lane.ts';
import { selectAssistants } from './assistant-store.ts';
import { insertDeadLetters } from './outbox/dead-letter-outbox.ts';
import { begunRuns, endRuns } from './ending-runs.ts';
import type { BegunRuns } from './ending-runs.ts';
import { runColumns } from './plan-columns.ts';
import { selectServedGraphs } from './served-graphs.ts';
import { sql } from './statements.ts';
import type { ThreadCheckpoints } from './thread-checkpoints.ts';

/**
 * The ledger's side of admission, for one consumer group.
 *
 * @param known notices a position that is behind what was seen of it before; made for each batch (`KnownPositions.forBatch`);
 * without it none does
 */
export function createAdmissionLedger(
  database: Database,
  group: string,
  checkpoints: ThreadCheckpoints,
  known: PositionCheck | null = null,
): AdmissionLedger {
  return {
    inTransaction: (topic, partition, work) =>
      database.transaction(async (client) => {
        const [held] = await query<{ position: bigint; record_timestamp_ms: bigint }>(client, sql.lockPosition, {
          group_name: group,
          topic,
          partition,
        });
        if (held === undefined) throw new Error('lock-position returned no row');
        const position = { offset: held.position, timestampMs: Number(held.record_timestamp_ms) };
        known?.check({ topic, partition }, position.offset);
        const transaction = new PostgresAdmission(client, { group, topic, partition }, position, checkpoints);
        const result = await work(transaction);
        await transaction.deleteEmptyThreads();
        return result;
      }),
  };
}

/** The last record in the ledger of each partition that was ever read. */
export function positionsIn(database: Database, group: string, topic: string): Promise<Map<number, bigint>> {
  return readPositions(database, sql.selectPositions, { group, topic });
}

/** The ledger's places in the topic. */
export function placesIn(database: Database, group: string, topic: string): Places {
  const statements = { read: sql.selectPositions, note: sql.notePositions, skip: sql.skipPosition };
  return placesOf(database, statements, { group, topic });
}

type TopicPlace = { group: string; topic: string; partition: number };

class PostgresAdmission implements AdmissionTransaction {
  readonly position: Position;
  readonly #client: PoolClient;
  readonly #source: TopicPlace;
  readonly #checkpoints: ThreadCheckpoints;
  /** Those of the threads of which this transaction may end runs. */
  #begun: BegunRuns = new Map();
  /** Threads that this transaction created only to lock them, and on which it has accepted nothing yet. */
  #emptyThreads = new Set<string>();

  constructor(client: PoolClient, source: TopicPlace, position: Position, checkpoints: ThreadCheckpoints) {
    this.#checkpoints = checkpoints;
    this.#client = client;
    this.#source = source;
    this.position = position;
  }

  async lockLanes(threadIds: readonly string[], cancelling: Cancelling): Promise<Lane[]> {
    const ids = [...new Set(threadIds)];
    const locked = await this.#lockThreads(ids);
    const existing = locked.filter((row) => !this.#emptyThreads.has(row.thread_id));
    const busy = existing.filter(({ status }) => status === 'busy');
    const seen = await this.#lanesInFlight(busy, cancelling);
    return existing.map((row) => ({
      threadId: row.thread_id,
      exists: true,
      isTemporary: false,
      firstPartition: row.first_partition,
      restingStatus: row.resting_status,
      nextPosition: row.next_lane_position,
      ...(seen.get(row.thread_id) ?? { inFlight: [], waitingCount: 0, lastOffset: null }),
    }));
  }

  /** All threads of the batch; missing ones are created, so that they can be locked. */
  async #lockThreads(ids: readonly string[]): Promise<ThreadRow[]> {
    for (;;) {
      const created = await query<{ thread_id: string }>(this.#client, sql.createThreads, {
        thread_ids: ids,
        partition: this.#source.partition,
      });
      for (const row of created) this.#emptyThreads.add(row.thread_id);
      const locked = await query<ThreadRow>(this.#client, sql.lockThreads, { thread_ids: ids });
      // An existing thread may have been deleted with a temporary run, or after a rejection elsewhere, while its lock was
      // waited for.
      if (locked.length === ids.length) return locked;
    }
  }

  async #lanesInFlight(threads: readonly ThreadRow[], cancelling: Cancelling): Promise<Map<string, LaneInFlight>> {
    const byThread = new Map<string, LaneInFlight>();
    if (threads.length === 0) return byThread;
    const busy = threads.map((row) => row.thread_id);
    const isCancelling = new Set(cancelling.threadIds);
    const held = busy.filter((threadId) => isCancelling.has(threadId));
    if (held.length > 0) await this.#holdLaneHeads(held);
    // A cancel of one run removes at most one, and a cancel of all leaves at most the running run.
    const rows = await query<InFlightRow>(this.#client, sql.selectRunsInFlight, {
      thread_ids: busy,
      limit: 2 + cancelling.singleCount,
      whole_thread_ids: cancelling.wholeLanes.threadIds,
      ended_at_once: cancelling.wholeLanes.endedAtOnce,
    });
    for (const row of rows) {
      const { inFlight = [] } = byThread.get(row.thread_id) ?? {};
      inFlight.push(inFlightRun(row, this.#begun.get(row.run_id)?.checkpointId));
      byThread.set(row.thread_id, { inFlight, waitingCount: row.waiting_count, lastOffset: null });
    }
    const isCancelled = new Set(cancelling.wholeLanes.cancelledThreadIds);
    const cancelled = threads
      .filter((row) => isCancelled.has(row.thread_id) && this.#mayStandBehind(row))
      .map((row) => row.thread_id);
    for (const last of await this.#lastInLanes(cancelled, cancelling.wholeLanes.endedAtOnce)) {
      const { inFlight = [], waitingCount = 0 } = byThread.get(last.thread_id) ?? {};
      const run = inFlightRun({ ...last, ...this.#partition() }, this.#begun.get(last.run_id)?.checkpointId);
      byThread.set(last.thread_id, { inFlight: withLast(inFlight, run), waitingCount, lastOffset: last.source_offset });
    }
    return byThread;
  }

  /**
   * Whether runs of the thread may come after a record of the batch: that happens when positions were lost and records are
   * read again.
   */
  #mayStandBehind({ first_partition: first, last_offset: last, stray_offsets: strays }: ThreadRow): boolean {
    if (last === null) return true;
    const { partition } = this.#source;
    return (first === partition ? last : BigInt(strays?.[partition] ?? -1)) > this.position.offset;
  }

  /** For each thread with runs in flight, the last run of the batch's partition. Reads a whole lane only where it has to. */
  async #lastInLanes(threadIds: readonly string[], lookAt: number): Promise<LastRow[]> {
    const look = async (ids: readonly string[], count: number | null) => {
      const { topic, partition } = this.#source;
      if (ids.length === 0) return [];
      return query<LastRow | UnknownRow>(this.#client, sql.selectLastInLanes, {
        thread_ids: ids,
        limit: count,
        source_topic: topic,
        source_partition: partition,
      });
    };
    const looked = await look(threadIds, lookAt + 1);
    const unsure = looked.filter((row) => !row.is_sure).map((row) => row.thread_id);
    const all = [...looked.filter((row) => row.is_sure), ...(await look(unsure, null))];
    return all.filter((row) => row.run_id !== null);
  }

  #partition(): Pick<SourceRow, 'source_topic' | 'source_partition'> {
    return { source_topic: this.#source.topic, source_partition: this.#source.partition };
  }

  async #holdLaneHeads(threadIds: readonly string[]): Promise<void> {
    const heads = await query<{ run_id: string; thread_id: string; is_begun: boolean }>(
      this.#client,
      sql.lockLaneHeads,
      { thread_ids: threadIds },
    );
    const begun = heads.filter((row) => row.is_begun).map((row) => ({ runId: row.run_id, threadId: row.thread_id }));
    this.#begun = await begunRuns(this.#client, this.#checkpoints, begun);
  }

  async knownRuns(runIds: readonly string[]): Promise<KnownRun[]> {
    const rows = await query<KnownRow>(this.#client, sql.selectKnownRuns, { run_ids: [...new Set(runIds)] });
    return rows.map((row) => ({
      runId: row.run_id,
      threadId: row.thread_id,
      fingerprint: row.fingerprint,
      source: sourceOf(row),
      isFinished: row.is_finished,
    }));
  }

  assistants(assistantIds: readonly string[]): Promise<StoredAssistant[]> {
    return selectAssistants(this.#client, assistantIds);
  }

  servedGraphs(): Promise<string[]> {
    return selectServedGraphs(this.#client);
  }

  async write(plan: AdmissionPlan): Promise<WrittenPlan> {
    const { topic, partition } = this.#source;
    const { runs, lanes, cancellations } = plan;
    const isPlain = cancellations.length === 0;
    if (runs.length > 0)
      await query(this.#client, sql.insertRuns, {
        source_topic: topic,
        source_partition: partition,
        ...runColumns(runs),
        stores_events: isPlain,
      });
    if (lanes.length > 0) {
      const lastOffsets = new Map(runs.map((run) => [run.threadId, run.coordinates.offset]));
      await query(this.#client, sql.updateLanes, {
        thread_ids: lanes.map((lane) => lane.threadId),
        next_lane_positions: lanes.map((lane) => lane.nextPosition),
        is_temporary: lanes.map((lane) => lane.isTemporary),
        offsets: lanes.map(({ threadId }) => lastOffsets.get(threadId) ?? -1n),
        source_partition: partition,
      });
      for (const lane of lanes) this.#emptyThreads.delete(lane.threadId);
    }
    if (isPlain) return { cancelled: [], readyCount: 0, markedLaneCount: 0 };
    const ending = { source: this.#source, cancellations, inserted: runs, begun: this.#begun };
    return endRuns(this.#client, this.#checkpoints, ending);
  }

  keepDeadLetters(records: readonly OutRecord[]): Promise<void> {
    return insertDeadLetters(this.#client, records);
  }

  async movePosition(position: Position): Promise<void> {
    const { group, topic, partition } = this.#source;
    await query(this.#client, sql.movePosition, {
      group_name: group,
      topic,
      partition,
      position: position.offset,
      record_timestamp_ms: position.timestampMs,
    });
  }

  async deleteEmptyThreads(): Promise<void> {
    if (this.#emptyThreads.size > 0)
      await query(this.#client, sql.deleteEmptyThreads, { thread_ids: [...this.#emptyThreads] });
  }
}

type ThreadRow = {
  thread_id: string;
  status: ThreadStatus;
  resting_status: Lane['restingStatus'];
  first_partition: number;
  next_lane_position: bigint;
  /** No run in flight that came from the first partition has a greater one; null: unknown. */
  last_offset: bigint | null;
  /** The same for other partitions. */
  stray_offsets: Record<string, number> | null;
};
type SourceRow = { source_topic: string; source_partition: number; source_offset: bigint };
type LaneInFlight = { inFlight: InFlightRun[] } & Pick<Lane, 'waitingCount' | 'lastOffset'>;
type KnownRow = SourceRow & { run_id: string; thread_id: string; fingerprint: string; is_finished: boolean };
type InFlightRow = SourceRow & {
  thread_id: string;
  waiting_count: number;
  run_id: string;
  state: InFlightRun['state'];
  is_asked: boolean;
};
type LastRow = Pick<InFlightRow, 'thread_id' | 'run_id' | 'state' | 'is_asked'> & {
  is_sure: boolean;
  source_offset: bigint;
};
/** No run of the partition is among those looked at. */
type UnknownRow = { thread_id: string; is_sure: boolean; run_id: null };
function sourceOf(row: SourceRow): InFlightRun['source'] {
  return { topic: row.source_topic, partition: row.source_partition, offset: row.source_offset };
}

function inFlightRun(
  row: SourceRow & Pick<InFlightRow, 'run_id' | 'state' | 'is_asked'>,
  writtenHead: string | null | undefined,
): InFlightRun {
  return {
    runId: row.run_id,
    state: row.state,
    source: sourceOf(row),
    isStored: true,
    isAskedToStop: row.is_asked,
    hasBegun: typeof writtenHead === 'string',
  };
}
