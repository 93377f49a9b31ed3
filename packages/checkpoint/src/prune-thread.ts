import { loadSql, query } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import { inSchema } from './checkpoint-schema.ts';

const template = loadSql(new URL('./sql/prune-checkpoints-of-thread.sql', import.meta.url));

/**
 * Deletes up to `limit` of a thread's checkpoints that nobody needs to continue it, with their writes and values, and
 * says how many. What stays: the head of the thread, the heads of subgraphs that its unfinished tasks are in, and those
 * of subgraphs that remember from run to run. Forks from a checkpoint that is gone are not possible any more.
 *
 * The caller holds a lock, taken before in the same transaction, under which no run of the thread can execute.
 *
 * @param schema schema of LangGraph's tables
 */
export async function pruneThread(
  client: PoolClient,
  schema: string,
  threadId: string,
  limit: number,
): Promise<number> {
  return (await query(client, inSchema(template, schema), [threadId, limit])).length;
}
