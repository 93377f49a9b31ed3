/**
 * Purpose   Takes back what runs did to their threads, with the journal that write-checkpoints-if-owned.sql keeps: for
 *           every write onto a checkpoint of another run, what was in its place before, and the namespaces of subgraphs
 *           that the run has written checkpoints in. Costs what the runs wrote, see checkpoint-floor.ts.
 * I7        After `takeBackAnswers` a command can be applied again: it is neither there twice nor half.
 * I8        After `rollBackRuns` the three tables are as if the runs had never been.
 * Caller    Of `rollBackRuns` brings the transaction, in which the runs cannot write any more: ended, or their tokens raised (I3, I9).
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
 * Removes the runs' checkpoints with their writes and values, in all namespaces, and puts back what stood where they
 * wrote onto checkpoints of others. What other runs and the stock saver have written stays as it is.
 *
 * @param schema schema of LangGraph's tables
 */
export async function rollBackRuns(client: PoolClient, schema: string, runs: readonly RunOnThread[]): Promise<void> {
  if (runs.length === 0) return;
  const runIds = runs.map(({ runId }) => runId);
  // First: a write that was journalled before its checkpoint was known as the run's own goes with the checkpoint.
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
 * Takes back what earlier attempts of a run have made of its command: the answers, the pauses that came after them, and
 * the update. What their tasks had finished with stays. Can be repeated.
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
