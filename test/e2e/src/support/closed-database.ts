import pg from 'pg';

/** Runs statements at once while nobody is in the database, and nobody can come. `name` may be another one afterwards. */
export async function whileClosed(adminUrl: string, name: string, statements: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  const open = (isOpen: boolean) =>
    client.query(`update pg_database set datallowconn = $2 where datname = $1`, [name, isOpen]);
  try {
    await open(false);
    await client.query('select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = $1', [name]);
    await client.query(statements);
  } finally {
    await open(true);
    await client.end();
  }
}
