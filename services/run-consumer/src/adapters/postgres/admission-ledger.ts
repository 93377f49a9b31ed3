import type { ThreadStatus } from '@runlane/contracts';
import { query, withTransaction } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import type { AdmissionLedger, AdmissionTransaction, Position } from '../../app/ports.ts';
import type { AdmissionPlan, AdmittedRun } from '../../domain/admission-batch.ts';
import type { KnownRun, Lane } from '../../domain/admission.ts';
import type { EventDetails } from '../../domain/settlement.ts';
import { sql } from './statements.ts';
import { onDatabase } from './translate-errors.ts';

/** The ledger's side of admission, for one consumer group. */
export function createAdmissionLedger(pool: Pool, group: string): AdmissionLedger {
  return {
    inTransaction: (topic, partition, work) =>
      onDatabase(() =>
        withTransaction(pool, async (client) => {
          const [held] = await query<{ position: bigint; record_timestamp_ms: bigint }>(client, sql.lockPosition, [
            group,
            topic,
            partition,
          ]);
          if (held === undefined) throw new Error('lock-position returned no row');
          const position = { offset: held.position, timestampMs: Number(held.record_timestamp_ms) };
          const transaction = new PostgresAdmission(client, { group, topic, partition }, position);
          const result = await work(transaction);
          await transaction.deleteEmptyThreads();
          return result;
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

class PostgresAdmission implements AdmissionTransaction {
  readonly position: Position;
  readonly #client: PoolClient;
  readonly #source: Source;
  /** Threads that this transaction created, to hold a lock on, and on which it has accepted nothing yet. */
  #emptyThreads = new Set<string>();

  constructor(client: PoolClient, source: Source, position: Position) {
    this.#client = client;
    this.#source = source;
    this.position = position;
  }

  async lockLanes(threadIds: readonly string[]): Promise<Lane[]> {
    const ids = [...new Set(threadIds)];
    const created = await query<{ thread_id: string }>(this.#client, sql.createThreads, [ids, this.#source.partition]);
    this.#emptyThreads = new Set(created.map((row) => row.thread_id));
    const locked = await query<{
      thread_id: string;
      status: ThreadStatus;
      first_partition: number;
      next_lane_position: bigint;
    }>(this.#client, sql.lockThreads, [ids]);
    const existing = locked.filter((row) => !this.#emptyThreads.has(row.thread_id));
    const heads = new Map<string, string>();
    if (existing.length > 0) {
      const rows = await query<{ thread_id: string; run_id: string }>(this.#client, sql.selectLaneHeads, [
        existing.map((row) => row.thread_id),
      ]);
      for (const row of rows) heads.set(row.thread_id, row.run_id);
    }
    return existing.map((row) => ({
      threadId: row.thread_id,
      exists: true,
      firstPartition: row.first_partition,
      status: row.status,
      head: heads.get(row.thread_id) ?? null,
      nextPosition: row.next_lane_position,
    }));
  }

  async knownRuns(runIds: readonly string[]): Promise<KnownRun[]> {
    const rows = await query<{ run_id: string; thread_id: string; fingerprint: string }>(
      this.#client,
      sql.selectKnownRuns,
      [[...new Set(runIds)]],
    );
    return rows.map((row) => ({ runId: row.run_id, threadId: row.thread_id, fingerprint: row.fingerprint }));
  }

  async write(plan: AdmissionPlan): Promise<void> {
    if (plan.runs.length === 0) return;
    const { topic, partition } = this.#source;
    await query(this.#client, sql.insertRuns, [topic, partition, ...columnsOf(plan.runs)]);
    if (plan.lanes.length === 0) return;
    await query(this.#client, sql.updateLanes, [
      plan.lanes.map((lane) => lane.threadId),
      plan.lanes.map((lane) => lane.nextPosition),
    ]);
    for (const lane of plan.lanes) this.#emptyThreads.delete(lane.threadId);
  }

  async movePosition(position: Position): Promise<void> {
    const { group, topic, partition } = this.#source;
    await query(this.#client, sql.movePosition, [group, topic, partition, position.offset, position.timestampMs]);
  }

  async deleteEmptyThreads(): Promise<void> {
    if (this.#emptyThreads.size > 0) await query(this.#client, sql.deleteEmptyThreads, [[...this.#emptyThreads]]);
  }
}

/** The arrays of insert-runs, in the order of its parameters. */
function columnsOf(runs: readonly AdmittedRun[]): unknown[][] {
  return [
    runs.map((run) => run.runId),
    runs.map((run) => run.threadId),
    runs.map((run) => run.assistantId),
    runs.map((run) => run.graphId),
    runs.map((run) => run.status),
    runs.map((run) => (run.status === 'rejected' ? run.reason : null)),
    runs.map((run) => run.request.multitask_strategy),
    runs.map((run) => JSON.stringify(run.request)),
    runs.map((run) => run.fingerprint),
    runs.map((run) => JSON.stringify(run.metadata)),
    runs.map((run) => run.traceparent),
    runs.map((run) => (run.status === 'pending' ? run.lanePosition : null)),
    runs.map((run) => run.status === 'pending' && run.isReady),
    runs.map((run) => (run.status === 'rejected' ? run.blockedBy : null)),
    runs.map((run) => run.coordinates.offset),
    runs.map((run) => run.threadStatus),
    runs.map((run) => JSON.stringify(detailsOf(run))),
    runs.map((run) => run.status === 'pending' && run.isTemporary),
    runs.map((run) => (run.status === 'pending' ? run.delaySeconds : null)),
  ];
}

function detailsOf(run: AdmittedRun): EventDetails {
  if (run.status === 'pending') return {};
  return {
    reason: run.reason,
    error: { error: run.reason, message: run.message },
    ...(run.blockedBy === null ? {} : { blocked_by: run.blockedBy }),
  };
}
