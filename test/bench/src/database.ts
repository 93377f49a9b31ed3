import { createDatabase } from '@runlane/testkit';
import pg from 'pg';
import type { BenchServers } from './bench.ts';

/** Creates an empty database and returns its address. In a given server it is dropped with `resources`. */
export async function ownDatabase(servers: BenchServers, resources: AsyncDisposableStack): Promise<string> {
  const url = await createDatabase(servers.adminUrl);
  if (servers.isPostgresGiven) resources.defer(() => dropDatabase(servers, url));
  return url;
}

/** A connection for looking at a database, closed with `resources`. */
export async function connectTo(url: string, resources: AsyncDisposableStack): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  resources.defer(() => client.end());
  return client;
}

/** Also one to which somebody is still connected. */
async function dropDatabase({ adminUrl }: BenchServers, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  } finally {
    await client.end();
  }
}
