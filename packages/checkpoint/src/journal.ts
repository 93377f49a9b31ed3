/**
 * Purpose   Undoes what runs did to their threads, with the journal that write-checkpoints-if-owned.sql keeps: for every
 *           write onto a checkpoint of another run, the content that it replaced; and the namespaces of subgraphs in which
 *           the run has written checkpoints. The cost depends only on what the runs wrote (checkpoint-floor.ts).
 * I7        After `takeBackAnswers` a command can be applied again: nothing of it is left.
 * I8        After `rollBackRuns` the three tables are as if the runs had never been.
 * Caller    `rollBackRuns` works in the caller's transaction, in which the runs cannot write any more: they have ended, or
 *           their tokens were raised (I3, I9).
 */
import { loadSql, query } from '@runlane/postgres';
import type { Pool, PoolClient } from 'pg';
import { inSchema } from './checkpoint-schema.ts';
import { WriteRefused } from './claim.ts';
import type { Claim } from './claim.ts';

const undoForeignWrites = loadSql(new URL('./sql/undo-foreign-writes.sql', import.meta.url));
const deleteCheckpoints = loadSql(new URL('./sql/delete-checkpoints-of-runs.sql', import.meta.url));
const takeBackIfOwned = loadSql(new URL('./sql/take-back-answers-if-owned.sql', import.meta.url));
const forgetForeignWrites = loadSql(new URL('./sql/forget-foreign-writes.sql', import.meta.url));

/** A run whose traces on its thread are to be removed. */
export type RunOnThread = { runId: string; threadId: string };

type NamedRow = { run_id: string; thread_id: string; checkpoint_ns: string };

/**
 * Removes the runs' checkpoints with their writes and values, in all namespaces, and restores what their writes onto
 * checkpoints of others replaced. Data of other runs and of the stock saver stays as it is.
 *
 * @param schema schema of LangGraph's tables
 */
export async function rollBackRuns(client: PoolClient, schema: string, runs: readonly RunOnThread[]): Promise<void> {
  if (runs.length === 0) return;
  const runIds = runs.map(({ runId }) => runId);
  // This comes first: a write that was journalled before its checkpoint was known as the run's own is deleted with the checkpoint.
  const named = await query<NamedRow>(client, inSchema(undoForeignWrites, schema), { run_ids: runIds });
  await query(client, inSchema(deleteCheckpoints, schema), {
    run_ids: runIds,
    thread_ids: runs.map(({ threadId }) => threadId),
    named_run_ids: named.map((row) => row.run_id),
    named_thread_ids: named.map((row) => row.thread_id),
    named_namespaces: named.map((row) => row.checkpoint_ns),
  });
}

/** Drops the journal of runs that ended in another way. settle-runs-if-owned.sql does the same for what it settles. */
export async function forgetJournal(client: PoolClient, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  await query(client, forgetForeignWrites, { run_ids: runIds });
}

/**
 * Removes what earlier attempts of a run have written of its command: the answers, the pauses after them, and the update.
 * Results of finished tasks stay. Can be repeated.
 *
 * @returns whether any attempt has written onto checkpoints of others
 * @throws WriteRefused when somebody else owns the run by now
 */
export async function takeBackAnswers(pool: Pool, schema: string, claim: Claim): Promise<boolean> {
  const statement = inSchema(takeBackIfOwned, schema);
  const [owned] = await query<{ has_written: boolean }>(pool, statement, {
    run_id: claim.runId,
    fencing_token: claim.fencingToken,
  });
  if (owned === undefined) throw new WriteRefused(claim, 'not_owned');
  return owned.has_written;
}
