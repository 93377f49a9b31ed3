/**
 * What DATABASE_URL says may stop making connections while a process runs: a file of a secret that was rotated wrongly, or a
 * certificate that is gone. Real: Postgres, the driver, its pool. Decides: what is thrown, told and logged.
 */
import { inspect } from 'node:util';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConnection } from './dedicated-connection.ts';
import { isDatabaseUnavailable } from './failures.ts';
import { createOwnDatabase, recordingLogger } from './own-database.fixture.ts';
import type { OwnDatabase } from './own-database.fixture.ts';
import { createPool, waitForDatabase } from './pool.ts';

const { logger } = recordingLogger();
let database: OwnDatabase;
let url = '';
const refused: unknown[] = [];
let pool: pg.Pool;

beforeAll(async () => {
  database = await createOwnDatabase();
  url = database.url;
  pool = createPool({
    url: () => url,
    max: 1,
    applicationName: 'unusable',
    logger,
    onRefused: (error) => refused.push(error),
  });
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

test.for<[what: string, bad: () => string, message: string | RegExp]>([
  ['no URL', () => 'hunter2', 'DATABASE_URL cannot be used as it is now: it is no URL'],
  [
    'a URL with a file that is not there',
    () => `${database.url}?sslmode=verify-full&sslrootcert=/no/such/ca.crt`,
    /^DATABASE_URL cannot be used as it is now: ENOENT.*\/no\/such\/ca\.crt/,
  ],
])('%s keeps whoever asks waiting until it is mended, and is not shown', async ([, bad, message]) => {
  const held = await pool.connect();
  const next = pool.connect();
  const failing = next.then(
    () => null,
    (error: unknown) => error,
  );
  url = bad();
  // The pool replaces the connection by itself, where nobody could catch an error.
  held.release(true);

  const error = await failing;
  expect(error).toMatchObject({ name: 'UnusableUrl', message: expect.stringMatching(message) as string });
  expect(isDatabaseUnavailable(error)).toBe(true);
  expect(refused.at(-1)).toBe(error);
  expect(inspect(error)).not.toContain('hunter2');
  await expect(waitForDatabase(pool, { signal: AbortSignal.timeout(5_000), logger })).rejects.toThrow(
    /DATABASE_URL cannot be used .*DATABASE_URL_FILE/,
  );

  url = database.url;
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a connection outside a pool says the same', async () => {
  const connectionString = `${database.url}?sslmode=verify-full&sslrootcert=/no/such/ca.crt`;
  await expect(openConnection({ connectionString }, logger)).rejects.toMatchObject({ name: 'UnusableUrl' });
});

test('a server that is away is told with its variable, and waited for', async () => {
  const away = new URL(database.url);
  away.hostname = 'no-such-host.invalid';
  const lost = recordingLogger();
  const waiting = createPool({ url: away.href, applicationName: 'away', logger });
  const stopping = new AbortController();
  const done = waitForDatabase(waiting, { signal: stopping.signal, logger: lost.logger });
  done.catch(() => undefined); // awaited below
  await expect.poll(() => lost.names(), { timeout: 10_000 }).toContain('database.awaited');
  stopping.abort(new Error('the test is over'));
  await expect(done).rejects.toThrow('the test is over');
  await waiting.end();
  expect(lost.events()[0]).toMatchObject({
    advice: expect.stringContaining('the name that DATABASE_URL has') as string,
  });
});
