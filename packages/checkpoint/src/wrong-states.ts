import { loadSql } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import { inSchema } from './checkpoint-schema.ts';

const template = loadSql(new URL('./sql/select-wrong-states.sql', import.meta.url));

/** A run that has ended. */
export type EndedRun = { runId: string; threadId: string; isRolledBack: boolean };

/** A run of which its thread holds more than it may, by number of its checkpoints, and of those that begin with its input. */
export type WrongState = { runId: string; checkpointCount: number; inputCount: number };

/**
 * The runs that were rolled back and have left checkpoints (I8), and those whose input is in the state more than once (I7).
 *
 * @param schema of LangGraph's tables
 */
export async function wrongStates(
  database: Database,
  schema: string,
  runs: readonly EndedRun[],
): Promise<WrongState[]> {
  const rows = await database.query<{ run_id: string; checkpoint_count: number; input_count: number }>(
    inSchema(template, schema),
    {
      thread_ids: [...new Set(runs.map(({ threadId }) => threadId))],
      run_ids: runs.map(({ runId }) => runId),
      undone_run_ids: runs.filter(({ isRolledBack }) => isRolledBack).map(({ runId }) => runId),
    },
  );
  return rows.map((row) => ({
    runId: row.run_id,
    checkpointCount: row.checkpoint_count,
    inputCount: row.input_count,
  }));
}
