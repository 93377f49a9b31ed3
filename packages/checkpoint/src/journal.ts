/**
 * Purpose   Takes back what runs did to their threads, with the journal that write-checkpoints-if-owned.sql keeps: for
 *           every write onto a checkpoint of another run, what was in its place before.
 * I8        After `rollBackRuns` the three tables are as if the runs had never been.
 * Caller    Brings the transaction, in which the runs cannot write any more: ended, or their tokens raised (I3, I9).
 */
import { loadSql, query } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import { inSchema } from './checkpoint-schema.ts';

const undoForeignWrites = loadSql(new URL('./sql/undo-foreign-writes.sql', import.meta.url));
const deleteCheckpoints = loadSql(new URL('./sql/delete-checkpoints-of-runs.sql', import.meta.url));
const forgetForeignWrites = loadSql(new URL('./sql/forget-foreign-writes.sql', import.meta.url));

/** A run whose traces on its thread are to be removed. */
export type RunOnThread = { runId: string; threadId: string };

/**
 * Removes the runs' checkpoints with their writes and values, in all namespaces, and puts back what stood where they
 * wrote onto checkpoints of others. What other runs and the stock saver have written stays as it is.
 *
 * @param schema schema of LangGraph's tables
 */
export async function rollBackRuns(client: PoolClient, schema: string, runs: readonly RunOnThread[]): Promise<void> {
  if (runs.length === 0) return;
  const runIds = runs.map(({ runId }) => runId);
  // First: a write that was journalled before its checkpoint was known as the run's own goes with the checkpoint.
  await query(client, inSchema(undoForeignWrites, schema), [runIds]);
  const threadIds = runs.map(({ threadId }) => threadId);
  await query(client, inSchema(deleteCheckpoints, schema), [runIds, threadIds]);
}

/** Drops the journal of runs that ended in another way. settle-runs-if-owned.sql does the same for what it settles. */
export async function forgetJournal(client: PoolClient, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  await query(client, forgetForeignWrites, [runIds]);
}
