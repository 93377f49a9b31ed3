/** Real Postgres. Decides: which deployment is refused. */
import pg from 'pg';
import { expect, test } from 'vitest';
import { createOwnDatabase, execute, recordingLogger } from '../own-database.fixture.ts';
import { createPool } from '../pool.ts';
import { claimSchema } from './schema-owner.ts';

test('a schema belongs to its first deployment: other processes with that prefix are accepted, and another prefix is refused', async () => {
  await using database = await createOwnDatabase();
  await execute(database.url, 'create schema runlane; create schema webhooks');
  const { logger } = recordingLogger();
  const pool = createPool({ url: database.url, applicationName: 'schema-test', logger });
  const claim = (schema: string, topicPrefix: string) => claimSchema(pool, { schema, topicPrefix, logger });
  const first = await Promise.allSettled(['', '"team".', ''].map((prefix) => claim('runlane', prefix)));
  const winner = first[0]?.status === 'fulfilled' ? '' : '"team".';
  const loser = winner === '' ? '"team".' : '';
  await claim('runlane', winner);
  await expect(claim('runlane', loser)).rejects.toThrow(
    /schema runlane of this database belongs to the deployment with/,
  );
  await claim('webhooks', loser);
  await pool.end();
});

test('a role that may not mark the schema goes on with a warning', async () => {
  await using database = await createOwnDatabase();
  const { logger, names } = recordingLogger();
  const role = `plain_${Date.now().toString(36)}`;
  await execute(database.url, `create schema runlane; create role ${role} login password 'x'`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'x'];
  const pool = createPool({ url: url.href, applicationName: 'schema-test', logger });
  await claimSchema(pool, { schema: 'runlane', topicPrefix: '', logger });
  expect(names()).toContainEqual(expect.stringContaining('schema.not_marked'));
  await pool.end();
  await execute(database.url, `drop role ${pg.escapeIdentifier(role)}`);
});
