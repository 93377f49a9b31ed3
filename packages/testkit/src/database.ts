import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** Creates an empty database beside the administrator's one and returns its address. */
export async function createDatabase(adminUrl: string): Promise<string> {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}
