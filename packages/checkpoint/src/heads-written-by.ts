import { loadSql, query } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';

const template = loadSql(new URL('./sql/select-heads-written-by-runs.sql', import.meta.url));

/**
 * The head checkpoint of each run's thread, by run id, for those whose head the run has written itself. For runs whose
 * graph can no longer be asked.
 *
 * @param schema of LangGraph's tables
 */
export async function headsWrittenBy(
  client: Pool | PoolClient,
  schema: string,
  runs: readonly { runId: string; threadId: string }[],
): Promise<Map<string, string>> {
  const statement = { name: `${template.name}-${schema}`, text: template.text.replaceAll(':schema.', `"${schema}".`) };
  const rows = await query<{ run_id: string; checkpoint_id: string }>(client, statement, [
    runs.map(({ runId }) => runId),
    runs.map(({ threadId }) => threadId),
  ]);
  return new Map(rows.map((row) => [row.run_id, row.checkpoint_id]));
}
