import { loadSql, query } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import { inSchema } from './checkpoint-schema.ts';
import type { RunOnThread } from './journal.ts';

const writers = loadSql(new URL('./sql/select-head-writers.sql', import.meta.url));
const template = loadSql(new URL('./sql/select-heads-written-by-runs.sql', import.meta.url));

/**
 * The head checkpoint of each run's thread, by run id, for those whose head the run has written itself. For runs whose
 * graph can no longer be asked.
 *
 * @param schema of LangGraph's tables
 */
export async function headsWrittenBy(
  client: PoolClient,
  schema: string,
  runs: readonly RunOnThread[],
): Promise<Map<string, string>> {
  const rows = await query<{ run_id: string; checkpoint_id: string }>(client, inSchema(template, schema), {
    run_ids: runs.map(({ runId }) => runId),
    thread_ids: runs.map(({ threadId }) => threadId),
  });
  return new Map(rows.map((row) => [row.run_id, row.checkpoint_id]));
}

/**
 * The `run_id` in the head checkpoint of each thread, by thread; it need not be one of Runlane's, where something else has
 * written to the thread.
 *
 * @param schema of LangGraph's tables
 */
export async function headWriters(
  pool: Pool,
  schema: string,
  threadIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await query<{ thread_id: string; written_by: string }>(pool, inSchema(writers, schema), {
    thread_ids: threadIds,
  });
  return new Map(rows.map((row) => [row.thread_id, row.written_by]));
}
