import type { CancelAction, SupersededReason, ThreadStatus } from '@runlane/contracts';
import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { MarkedRuns, Slice } from '../../../app/sweeping/end-marked-runs.ts';
import type { WrittenPlan } from '../../../app/ports.ts';
import type { Cancellation } from '../../../domain/admission-plan.ts';
import { isEarlier } from '../../../domain/cancel.ts';
import { begunRuns, endRuns } from '../ending-runs.ts';
import { sql } from '../statements.ts';
import type { ThreadCheckpoints } from '../thread-checkpoints.ts';

/** Marked runs of the ledger. */
export function createMarkedRuns(database: Database, checkpoints: ThreadCheckpoints): MarkedRuns {
  return {
    async threadsAfter(threadId, limit) {
      const rows = await database.query<{ thread_id: string; run_count: bigint }>(sql.selectMarkedThreads, {
        after_thread_id: threadId,
        limit,
      });
      return rows.map((row) => ({ threadId: row.thread_id, runCount: Number(row.run_count) }));
    },
    endSlice: (threadId, limit) => database.transaction((client) => endSlice(client, checkpoints, threadId, limit)),
  };
}

const NOTHING: Slice = { cancelled: [], readyCount: 0, hasMore: false };

/** Locks the thread, then its runs, as everybody does. */
async function endSlice(
  client: PoolClient,
  checkpoints: ThreadCheckpoints,
  threadId: string,
  limit: number,
): Promise<Slice | null> {
  const [lock] = await query<{ is_free: boolean }>(client, sql.lockFreeThreads, { thread_ids: [threadId] });
  if (lock?.is_free === false) return null;
  const [mark] = await query<LaneEndRow>(client, sql.selectOldestLaneEnd, { thread_id: threadId });
  if (mark === undefined) return NOTHING;
  const runs = mark.is_stale === true ? [] : await lockRuns(client, threadId, mark, limit);
  const hit = mark.source_topic === null ? runs : runs.filter((run) => isHit(run, mark));
  const ended = hit.length === 0 ? NOTHING : await end(client, checkpoints, threadId, mark, hit);
  const last = runs.at(-1);
  await moveOn(client, threadId, mark, runs.length < limit ? null : (last?.position ?? null));
  // After this mark there may be a later one.
  return { cancelled: ended.cancelled, readyCount: ended.readyCount, hasMore: true };
}

function lockRuns(client: PoolClient, threadId: string, mark: LaneEndRow, limit: number): Promise<MarkedRow[]> {
  return query<MarkedRow>(client, sql.lockMarkedRuns, {
    thread_id: threadId,
    behind_position: mark.ended_position,
    through_position: mark.through_position,
    limit,
  });
}

function isHit(run: MarkedRow, { source_topic: topic, source_partition: partition, before_offset: offset }: CancelRow) {
  const source = { topic: run.source_topic, partition: run.source_partition, offset: run.source_offset };
  return isEarlier(source, { topic, partition, offset });
}

async function end(
  client: PoolClient,
  checkpoints: ThreadCheckpoints,
  threadId: string,
  mark: LaneEndRow,
  runs: readonly MarkedRow[],
): Promise<WrittenPlan> {
  const begun = runs.filter((run) => run.is_begun).map((run) => ({ runId: run.run_id, threadId }));
  const threadStatus = await statusAfter(client, threadId, mark, runs);
  return endRuns(client, checkpoints, {
    source: null,
    cancellations: runs.map((run, ordinal) => cancellationOf(threadId, mark, run, threadStatus, ordinal)),
    inserted: [],
    begun: await begunRuns(client, checkpoints, begun),
  });
}

/** Marked runs no longer count; runs that are only looked through keep the thread busy as long as any is in flight. */
async function statusAfter(
  client: PoolClient,
  threadId: string,
  mark: LaneEndRow,
  runs: readonly MarkedRow[],
): Promise<ThreadStatus> {
  if (mark.source_topic === null || mark.resting_status === null) return mark.status ?? 'idle';
  if (runs.some((run) => run.is_running)) return 'busy';
  const ids = runs.map((run) => run.run_id);
  const [others] = await query<{ has_others: boolean }>(client, sql.selectOthersInLane, {
    thread_id: threadId,
    run_ids: ids,
  });
  return others?.has_others === true ? 'busy' : mark.resting_status;
}

/** @param position up to which all runs have ended; null: all runs of the mark have */
async function moveOn(client: PoolClient, threadId: string, mark: LaneEndRow, position: bigint | null): Promise<void> {
  if (mark.source_topic === null) {
    const end = { thread_id: threadId, through_position: mark.through_position };
    if (position === null) await query(client, sql.deleteLaneEnd, end);
    else await query(client, sql.advanceLaneEnd, { ...end, ended_position: position });
    return;
  }
  const { source_topic, source_partition, before_offset } = mark;
  const cancel = { thread_id: threadId, source_topic, source_partition, before_offset };
  if (position === null) await query(client, sql.deleteLaneCancel, cancel);
  else await query(client, sql.advanceLaneCancel, { ...cancel, ended_position: position });
}

function cancellationOf(
  threadId: string,
  mark: LaneEndRow,
  { run_id: runId }: MarkedRow,
  threadStatus: ThreadStatus,
  ordinal: number,
): Cancellation {
  return {
    ordinal,
    threadId,
    runId,
    action: mark.action,
    reason: mark.reason,
    supersededBy: mark.superseded_by,
    threadStatus,
    beforeOffset: null,
    mark: null,
  };
}

type CancelRow = { source_topic: string; source_partition: number; before_offset: bigint };
type LaneEndRow = {
  through_position: bigint;
  ended_position: bigint;
  action: CancelAction;
  reason: SupersededReason;
  superseded_by: string | null;
  /** Null without a thread. */
  status: ThreadStatus | null;
  resting_status: Exclude<ThreadStatus, 'busy'> | null;
  is_stale: boolean | null;
} & (CancelRow | { source_topic: null });
type MarkedRow = {
  run_id: string;
  position: bigint;
  is_running: boolean;
  is_begun: boolean;
  source_topic: string;
  source_partition: number;
  source_offset: bigint;
};
