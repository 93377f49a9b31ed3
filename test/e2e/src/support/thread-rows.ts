import type { Pool } from 'pg';

/** Everything that LangGraph's three tables hold of the threads, each row as JSON, in a fixed order. */
export async function checkpointRows(
  pool: Pool,
  threadIds: readonly string[],
): Promise<{ checkpoints: string[]; blobs: string[]; writes: string[] }> {
  const rowsOf = async (table: string) => {
    const { rows } = await pool.query<{ row: string }>(
      `select to_jsonb(${table})::text as row from ${table} where thread_id = any ($1) order by row`,
      [threadIds],
    );
    return rows.map(({ row }) => row);
  };
  return {
    checkpoints: await rowsOf('checkpoints'),
    blobs: await rowsOf('checkpoint_blobs'),
    writes: await rowsOf('checkpoint_writes'),
  };
}
