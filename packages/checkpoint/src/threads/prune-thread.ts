import { loadSql, query } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import { inSchema } from '../checkpoint-schema.ts';

const checkpoints = loadSql(new URL('../sql/prune-checkpoints-of-thread.sql', import.meta.url));
const blobs = loadSql(new URL('../sql/prune-blobs-of-thread.sql', import.meta.url));

/**
 * Deletes up to `limit` of a thread's checkpoints that nobody needs to continue it, with their writes, and once they are
 * gone the values that were theirs alone; says how many rows of both went. These stay: the head of the thread, the heads of
 * subgraphs in which it has unfinished tasks, and those of subgraphs that keep state from run to run. A deleted checkpoint
 * cannot be forked from any more. What is read grows with `limit`, not with the thread.
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
  const count = (await query(client, inSchema(checkpoints, schema), { thread_id: threadId, limit })).length;
  // Values have a statement of their own, because with few checkpoints left it is cheap to find out which values are shared.
  if (count === limit) return count;
  return count + (await query(client, inSchema(blobs, schema), { thread_id: threadId, limit: limit - count })).length;
}
