import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export { recordingLogger } from '@runlane/service-kit/testing';

/** A database of its own in the test run's server; dropped when disposed, whoever is still connected. */
export type OwnDatabase = AsyncDisposable & { url: string };

export async function createOwnDatabase(): Promise<OwnDatabase> {
  const administratorUrl = inject('databaseUrl');
  const name = `postgres_test_${randomBytes(6).toString('hex')}`;
  await execute(administratorUrl, `create database ${name}`);
  const url = new URL(administratorUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    [Symbol.asyncDispose]: () => execute(administratorUrl, `drop database ${name} with (force)`),
  };
}

/** Runs one text on a connection of its own. */
export async function execute(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
