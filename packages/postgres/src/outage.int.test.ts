/**
 * Real: a Postgres of this file's own, which is killed and frozen. Decides: that nothing but the affected call fails,
 * that failures are recognised for what they are, and that everything works again when the server is back.
 */
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startPostgres } from '@runlane/local';
import type { LocalPostgres } from '@runlane/local';
import { Wakeup } from '@runlane/service-kit';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDatabaseUnavailable } from './failures.ts';
import { listen } from './listener.ts';
import { execute, recordingLogger } from './own-database.fixture.ts';
import { createPool, waitForDatabase } from './pool.ts';
import { query } from './sql.ts';
import { withTransaction } from './transaction.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'runlane-outage-'));
const { logger, names } = recordingLogger();
const selectOne = { name: 'select-one', text: 'select 1', parameters: [] };
const neverAborted = new AbortController().signal;
let server: LocalPostgres;
let pool: pg.Pool;

beforeAll(async () => {
  // A given server, from the environment, could not be killed.
  server = await startPostgres({ dataDir, env: { ...process.env, DATABASE_URL: '' } });
  await execute(server.url, 'create table notes (text text)');
  pool = createPool({ url: server.url, applicationName: 'outage', logger, max: 4, statementTimeoutMs: 500 });
});
afterAll(async () => {
  await pool.end();
  await server.stop();
  removeLocalData(dataDir);
});

test('a pool goes on after its server was killed and started again', async () => {
  const heard: (string | null)[] = [];
  await using _listener = listen({
    url: server.url,
    channel: 'outage',
    logger,
    signal: neverAborted,
    onNotify: (payload) => void heard.push(payload),
  });
  await expect.poll(() => heard).toEqual([null]);

  const idle = await Promise.all([pool.connect(), pool.connect()]);
  for (const client of idle) client.release();
  const reachedMiddle = Promise.withResolvers<void>();
  const killed = Promise.withResolvers<void>();
  const interrupted = withTransaction(pool, async (client) => {
    await client.query(`insert into notes values ('lost')`);
    reachedMiddle.resolve();
    await killed.promise;
    await client.query('select 1');
  });
  interrupted.catch(() => undefined); // awaited below
  await reachedMiddle.promise;
  await server.kill();
  killed.resolve();

  await expect(interrupted).rejects.toSatisfy(isDatabaseUnavailable);
  // Connections that look alive until they are used come first, then new ones, which are refused.
  const failures: unknown[] = [];
  await expect
    .poll(async () => failures[failures.push(await failureOf(pool.query('select 1'))) - 1])
    .toMatchObject({
      code: 'ECONNREFUSED',
    });
  expect(failures.filter((failure) => !isDatabaseUnavailable(failure))).toEqual([]);

  const wait = waitForDatabase(pool, { signal: neverAborted, logger });
  await expect.poll(names).toContain('database.awaited');
  await server.restart();
  await wait;
  await withTransaction(pool, (client) => client.query(`insert into notes values ('kept')`));
  const { rows } = await pool.query('select text from notes');
  expect(rows).toEqual([{ text: 'kept' }]);
  await expect.poll(() => heard).toEqual([null, null]);
  await pool.query(`notify outage, 'again'`);
  await expect.poll(() => heard.at(-1)).toBe('again');
});

test('calls to a frozen server fail in time, and their connections are not used again', async () => {
  const late = createPool({ url: server.url, applicationName: 'late', logger });
  const heard: (string | null)[] = [];
  const log = recordingLogger();
  const listening = { url: server.url, logger: log.logger, signal: neverAborted, heartbeatMs: 100 };
  const deaf = listen({ ...listening, channel: 'deaf', onNotify: (payload) => void heard.push(payload) });
  const closed = listen({ ...listening, channel: 'closed', onNotify: (payload) => void heard.push(payload) });
  await Promise.all([pool.query('select 1'), pool.query('select 1')]);
  await expect.poll(() => heard).toEqual([null, null]);

  const connectionCount = pool.totalCount;
  await server.freeze();
  const startedMs = performance.now();
  const closingTime = new Wakeup().wait(1_000).then(async () => {
    // By now a heartbeat is under way, which nobody will answer.
    const closingMs = performance.now();
    await closed.close();
    return performance.now() - closingMs;
  });
  let transactionMs = 0;
  const failures = await Promise.all([
    failureOf(query(pool, selectOne)),
    failureOf(withTransaction(pool, (client) => client.query('select 1'))).finally(() => {
      transactionMs = performance.now() - startedMs;
    }),
    failureOf(late.query('select 1')),
    closingTime,
  ]);
  const tookMs = performance.now() - startedMs;
  const remainingCount = pool.totalCount;
  await expect.poll(log.names).toContain('listener.disconnected');
  await server.thaw();

  expect(failures.slice(0, 3).map((failure) => isDatabaseUnavailable(failure))).toEqual([true, true, true]);
  expect(failures).toMatchObject([
    { message: 'Query read timeout' },
    { message: 'Query read timeout' },
    { message: 'Connection terminated due to connection timeout' },
    expect.any(Number),
  ]);
  expect(remainingCount).toBe(connectionCount - 2);
  expect(await closingTime).toBeLessThan(2_000);
  expect(tookMs).toBeLessThan(8_000);
  // One time limit, and not a second one for a rollback that nobody would answer either.
  expect(transactionMs).toBeLessThan(4_000);
  // An answer of before must not be taken for the answer of now.
  const numbers = await Promise.all([1, 2, 3, 4].map((number) => pool.query('select $1::int as number', [number])));
  expect(numbers.map(({ rows }) => rows)).toEqual([[{ number: 1 }], [{ number: 2 }], [{ number: 3 }], [{ number: 4 }]]);
  await expect.poll(() => heard).toEqual([null, null, null]);
  await Promise.all([deaf.close(), late.end()]);
});

test('the refusal of a server that starts or stops counts as an outage', async () => {
  const client = await pool.connect();
  const stopped = server.stop();
  const failure = await (async () => {
    for (;;) await client.query('select pg_sleep(0.05)');
  })().catch((error: unknown) => error);
  client.release(true);
  await stopped;
  expect(isDatabaseUnavailable(failure)).toBe(true);
  await server.restart();
  await waitForDatabase(pool, { signal: neverAborted, logger });
});

test('waiting for a database that never comes ends with the reason of the signal', async () => {
  const nobody = createServer();
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  const { port } = nobody.address() as AddressInfo;
  await new Promise((resolve) => nobody.close(resolve));
  const refused = createPool({ url: `postgres://x:x@localhost:${port}/x`, applicationName: 'refused', logger });
  const stop = new AbortController();
  const wait = waitForDatabase(refused, { signal: stop.signal, logger });
  wait.catch(() => undefined); // awaited below
  await expect.poll(() => names().filter((name) => name === 'database.awaited').length).toBeGreaterThan(2);
  stop.abort(new Error('the process stops'));
  await expect(wait).rejects.toThrow('the process stops');
  await refused.end();
});

function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
}
