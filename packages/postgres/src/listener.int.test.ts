/** Real Postgres. Decides: what the listener received, and the sessions that the server shows. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from './listener.ts';
import { createOwnDatabase, execute, recordingLogger } from './own-database.fixture.ts';
import type { OwnDatabase } from './own-database.fixture.ts';
import { createPool } from './pool.ts';

const { logger, names } = recordingLogger();
let database: OwnDatabase;
let onlooker: pg.Pool;

beforeAll(async () => {
  database = await createOwnDatabase();
  onlooker = createPool({ url: database.url, applicationName: 'onlooker', logger });
});
afterAll(async () => {
  await onlooker.end();
  await database[Symbol.asyncDispose]();
});

function listenTo(channel: string, url = database.url) {
  const told: (string | null)[] = [];
  const stop = new AbortController();
  const listener = listen({
    url,
    channel,
    logger,
    signal: stop.signal,
    onNotify: (payload) => void told.push(payload),
  });
  return { told, stop, listener };
}

async function sessions(channel: string): Promise<number[]> {
  const { rows } = await onlooker.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1',
    [`runlane listen ${channel}`],
  );
  return rows.map(({ pid }) => pid);
}

test('reports once that it listens, then every notification with its payload, on any channel name', async () => {
  const channel = 'Cancel "signals"';
  const { told, listener } = listenTo(channel);
  await expect.poll(() => told).toEqual([null]);
  await onlooker.query('select pg_notify($1, $2), pg_notify($1, $3)', [channel, 'run-1', '']);
  await onlooker.query('select pg_notify($1, $2)', ['another channel', 'x']);
  await expect.poll(() => told).toEqual([null, 'run-1', '']);
  await listener.close();
});

test('reconnects when the server ends its session, and reports once that something may have been missed', async () => {
  const { told, listener } = listenTo('reconnects');
  for (let round = 1; round <= 3; round += 1) {
    await expect.poll(() => told).toEqual(Array.from({ length: round }, () => null));
    const [pid] = await sessions('reconnects');
    await onlooker.query('select pg_terminate_backend($1)', [pid]);
  }
  await expect.poll(() => told).toEqual([null, null, null, null]);
  expect(names()).toContain('listener.disconnected');
  await onlooker.query(`notify reconnects, 'heard'`);
  await expect.poll(() => told.at(-1)).toBe('heard');
  expect(await sessions('reconnects')).toHaveLength(1);
  await listener.close();
});

test('closing ends the session, may be repeated, and nothing is reported afterwards', async () => {
  const { told, listener } = listenTo('closes');
  await expect.poll(() => told).toEqual([null]);
  await Promise.all([listener.close(), listener.close()]);
  await expect.poll(() => sessions('closes')).toEqual([]);
  await onlooker.query('notify closes');
  expect(told).toEqual([null]);
});

test('an aborted signal ends the session, also when it was aborted from the start', async () => {
  const { told, stop, listener } = listenTo('aborts');
  await expect.poll(() => told).toEqual([null]);
  stop.abort();
  await expect.poll(() => sessions('aborts')).toEqual([]);
  await listener.close();

  const aborted = listen({
    url: database.url,
    channel: 'x',
    logger,
    signal: stop.signal,
    onNotify: () => told.push('x'),
  });
  await aborted.close();
  expect(told).toEqual([null]);
});

test('a database that is not there yet is waited for, and nothing fails', async () => {
  const later = new URL(database.url);
  later.pathname = '/postgres_test_later';
  const { told, listener } = listenTo('waits', later.href);
  await expect.poll(names).toContain('listener.disconnected');
  expect(told).toEqual([]);
  await execute(database.url, 'create database postgres_test_later');
  await expect.poll(() => told).toEqual([null]);
  await listener.close();
  await execute(database.url, 'drop database postgres_test_later with (force)');
});

test('closing while the connection is being made ends it', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { listener } = listenTo('hurries');
    if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    await listener.close();
  }
  await expect.poll(() => sessions('hurries')).toEqual([]);
});
