import type { Database } from '@runlane/postgres';
import type { ClaimedRun } from '../../domain/run.ts';
import { mayHaveStoppedHead } from '../../domain/thread-status.ts';
import { sql } from './statements.ts';
import type { ThreadCheckpoints } from './thread-checkpoints.ts';

/** Finds the runs for which the writer of the thread's head matters, and whether it stopped because of them. */
export async function withStoppedHeads(
  database: Database,
  checkpoints: ThreadCheckpoints,
  runs: readonly ClaimedRun[],
): Promise<ClaimedRun[]> {
  const asking = runs.filter(mayHaveStoppedHead);
  if (asking.length === 0) return [...runs];
  const writers = await database.run((pool) =>
    checkpoints.headWriters(
      pool,
      asking.map(({ threadId }) => threadId),
    ),
  );
  // A checkpoint from elsewhere may have anything in place of the id.
  const pairs = asking.flatMap(({ runId, threadId }) => {
    const writer = writers.get(threadId) ?? '';
    return UUID.test(writer) ? [[runId, writer] as const] : [];
  });
  const rows = await database.query<{ run_id: string }>(sql.selectStoppers, {
    run_ids: pairs.map(([runId]) => runId),
    written_by_run_ids: pairs.map(([, writer]) => writer),
  });
  const stoppers = new Set(rows.map((row) => row.run_id));
  return runs.map((run) => (stoppers.has(run.runId) ? { ...run, hasStoppedHead: true } : run));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
