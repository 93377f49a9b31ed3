/** What runs have written to their threads, by the `run_id` in the metadata of checkpoints. */
import { loadSql, query } from '@runlane/postgres';
import type { Database } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import { inSchema } from '../checkpoint-schema.ts';
import type { RunOnThread } from '../journal.ts';

const writers = loadSql(new URL('../sql/select-head-writers.sql', import.meta.url));
const wrong = loadSql(new URL('../sql/select-wrong-states.sql', import.meta.url));
const template = loadSql(new URL('../sql/select-heads-written-by-runs.sql', import.meta.url));

/**
 * The head checkpoint of each run's thread, by run id, if the run has written it. For runs whose graph can no longer be
 * asked.
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

/** A run that has ended. */
export type EndedRun = { runId: string; threadId: string; isRolledBack: boolean };

/** A run that has left more in its thread than it may: the number of its checkpoints, and of those that begin with its input. */
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
    inSchema(wrong, schema),
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
