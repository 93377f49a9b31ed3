import type { CancelAction, RecordCoordinates, SupersededReason } from '@runlane/contracts';
import { query } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import type { WrittenPlan } from '../../app/ports.ts';
import type { AdmittedRun, Cancellation } from '../../domain/admission-plan.ts';
import { cancellationColumns, eventColumns, laneCancelColumns, markColumns } from './plan-columns.ts';
import { sql } from './statements.ts';
import type { ThreadCheckpoints } from './thread-checkpoints.ts';

/** Waiting runs that earlier attempts have begun, by id, with the head checkpoint that they have written. */
export type BegunRuns = ReadonlyMap<string, { threadId: string; checkpointId: string | null }>;

/** What the runs have written so far. The runs are locked, so that nobody claims them in the meantime. */
export async function begunRuns(
  client: PoolClient,
  checkpoints: ThreadCheckpoints,
  runs: readonly { runId: string; threadId: string }[],
): Promise<BegunRuns> {
  if (runs.length === 0) return new Map();
  const written = await checkpoints.headsWrittenBy(client, runs);
  return new Map(
    runs.map(({ runId, threadId }) => [runId, { threadId, checkpointId: written.get(runId) ?? null }] as const),
  );
}

export type EndingRuns = {
  /** The partition of the batch, where its cancellations may spare later runs of that partition; null without a batch. */
  source: Pick<RecordCoordinates, 'topic' | 'partition'> | null;
  cancellations: readonly Cancellation[];
  /** Runs that the batch has inserted, whose first events are still to be stored. */
  inserted: readonly AdmittedRun[];
  /** All of them that a cancellation may hit. */
  begun: BegunRuns;
};

/**
 * Ends waiting runs with their events, asks running ones to stop, marks the rest of long lanes, and frees the lanes. The
 * caller has locked the rows of the threads, and those of running and ready runs.
 */
export async function endRuns(
  client: PoolClient,
  checkpoints: ThreadCheckpoints,
  { source, cancellations, inserted, begun }: EndingRuns,
): Promise<WrittenPlan> {
  const rows = await query<CancelledRow>(client, sql.cancelRuns, {
    source_topic: source?.topic ?? '',
    source_partition: source?.partition ?? -1,
    ...cancellationColumns(cancellations),
    ...eventColumns(inserted),
    begun_run_ids: [...begun.keys()],
    begun_checkpoint_ids: [...begun.values()].map(({ checkpointId }) => checkpointId),
  });
  await endBegun(client, checkpoints, begun, rows);
  const temporary = rows.flatMap((row) => row.temporary_thread_ids);
  if (temporary.length > 0) await query(client, sql.deleteEmptyThreads, { thread_ids: temporary });
  const markedCount = cancellations.filter(({ mark }) => mark !== null).length;
  if (markedCount > 0) await markLanes(client, source, cancellations);
  const [freed] = await query<{ ready_count: number }>(client, sql.freeLanes, {
    thread_ids: [...new Set(cancellations.map(({ threadId }) => threadId))],
  });
  return {
    cancelled: rows.map((row) => ({
      action: row.action,
      reason: row.reason,
      endedCount: row.ended_count,
      askedCount: row.asked_count,
    })),
    readyCount: freed?.ready_count ?? 0,
    markedLaneCount: markedCount,
  };
}

/** Stores the rest of long lanes for the sweep that ends them. */
async function markLanes(
  client: PoolClient,
  source: EndingRuns['source'],
  cancellations: readonly Cancellation[],
): Promise<void> {
  if (cancellations.some(({ mark }) => mark?.sparesLater === false)) {
    await query(client, sql.markLanes, markColumns(cancellations));
  }
  if (!cancellations.some(({ mark }) => mark?.sparesLater === true)) return;
  if (source === null) throw new Error('Runs of no batch cannot stand behind a request.');
  await query(client, sql.keepLaneCancels, {
    ...laneCancelColumns(cancellations),
    source_topic: source.topic,
    source_partition: source.partition,
  });
}

async function endBegun(
  client: PoolClient,
  checkpoints: ThreadCheckpoints,
  begun: BegunRuns,
  rows: readonly CancelledRow[],
): Promise<void> {
  for (const { action, begun_run_ids: runIds } of rows) {
    if (runIds.length === 0) continue;
    const runs = runIds.map((runId) => ({ runId, threadId: begun.get(runId)?.threadId ?? '' }));
    if (action === 'rollback') await checkpoints.rollBack(client, runs);
    else await checkpoints.keep(client, runIds);
  }
}

type CancelledRow = {
  action: CancelAction;
  reason: SupersededReason;
  ended_count: number;
  asked_count: number;
  temporary_thread_ids: string[];
  begun_run_ids: string[];
};
