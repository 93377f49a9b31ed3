import type { Pool, PoolClient } from 'pg';

/** Rows of LangGraph's tables that the open transaction has read so far. */
export async function rowsRead(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::text as count
     from pg_stat_xact_user_tables where relname like 'checkpoint%'`,
  );
  return Number(rows[0]?.count);
}

/** Versions of channels that a checkpoint refers to and that have no row, and rows that none refers to. */
export async function blobProblems(pool: Pool, threadId: string): Promise<unknown[]> {
  const { rows } = await pool.query(
    `with referred as (
       select distinct checkpoint_ns, channel, version
       from checkpoints cross join lateral jsonb_each_text(checkpoint -> 'channel_versions') as r (channel, version)
       where thread_id = $1
     )
     select * from checkpoint_blobs full join referred using (checkpoint_ns, channel, version)
     where (thread_id is null and referred is not null) or (thread_id = $1 and referred is null)`,
    [threadId],
  );
  return rows;
}
