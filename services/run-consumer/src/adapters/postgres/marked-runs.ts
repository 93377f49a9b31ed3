import type { CancelAction, SupersededReason, ThreadStatus } from '@runlane/contracts';
import { query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { MarkedRuns, Slice } from '../../app/end-marked-runs.ts';
import type { Cancellation } from '../../domain/admission-plan.ts';
import { begunRuns, endRuns } from './ending-runs.ts';
import { sql } from './statements.ts';
import type { ThreadCheckpoints } from './thread-checkpoints.ts';

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
  const through = mark.through_position;
  const runs = await query<MarkedRow>(client, sql.lockMarkedRuns, {
    thread_id: threadId,
    behind_position: mark.ended_position,
    through_position: through,
    limit,
  });
  const begun = runs.filter((run) => run.is_begun).map((run) => ({ runId: run.run_id, threadId }));
  const ended =
    runs.length === 0
      ? NOTHING
      : await endRuns(client, checkpoints, {
          source: null,
          cancellations: runs.map((run, ordinal) => cancellationOf(threadId, mark, run, ordinal)),
          inserted: [],
          begun: await begunRuns(client, checkpoints, begun),
        });
  const last = runs.at(-1);
  if (last === undefined || runs.length < limit)
    await query(client, sql.deleteLaneEnd, { thread_id: threadId, through_position: through });
  else
    await query(client, sql.advanceLaneEnd, {
      thread_id: threadId,
      through_position: through,
      ended_position: last.position,
    });
  // Where this mark is done there may be a later one.
  return { cancelled: ended.cancelled, readyCount: ended.readyCount, hasMore: true };
}

function cancellationOf(
  threadId: string,
  mark: LaneEndRow,
  { run_id: runId }: MarkedRow,
  ordinal: number,
): Cancellation {
  return {
    ordinal,
    threadId,
    runId,
    action: mark.action,
    reason: mark.reason,
    supersededBy: mark.superseded_by,
    threadStatus: mark.status ?? 'idle',
    beforeOffset: null,
    mark: null,
  };
}

type LaneEndRow = {
  through_position: bigint;
  ended_position: bigint;
  action: CancelAction;
  reason: SupersededReason;
  superseded_by: string | null;
  status: ThreadStatus | null;
};
type MarkedRow = { run_id: string; position: bigint; is_begun: boolean };
