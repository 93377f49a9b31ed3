/** Real: Postgres and its NOTIFY. Decides: which hints another process gets, and when. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createPool, listen } from '@runlane/postgres';
import { Wakeup } from '@runlane/service-kit';
import { createDatabase, eventually, silentLogger } from '@runlane/testkit';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { HINT_CHANNEL, PostgresHints } from './hints.ts';

let pool: Pool;
const resources = new AsyncDisposableStack();
const heard: { payload: string; atMs: number }[] = [];
const random = () => 0.5;
let hints: PostgresHints;
const local = {
  runs_ready: new Wakeup(),
  events_stored: new Wakeup(),
  dead_letters_stored: new Wakeup(),
  stops_requested: new Wakeup(),
  lanes_marked: new Wakeup(),
};

beforeAll(async () => {
  const url = await createDatabase(inject('databaseUrl'));
  pool = createPool({ url, applicationName: 'test', logger: silentLogger });
  resources.defer(() => pool.end());
  let isListening = false;
  const onNotify = (payload: string | null) => {
    if (payload === null) isListening = true;
    else heard.push({ payload, atMs: performance.now() });
  };
  const { signal } = new AbortController();
  resources.use(listen({ url, channel: HINT_CHANNEL, onNotify, logger: silentLogger, signal }));
  await eventually(() => isListening, { what: 'the listener listens' });
  hints = new PostgresHints({
    pool,
    local,
    minIntervalMs: 2_000,
    urgentIntervalMs: 0,
    minLookMs: 1,
    random,
    logger: silentLogger,
  });
});
afterAll(async () => {
  hints.close();
  await resources.disposeAsync();
});

test('a stop request is sent immediately, although other hints wait for their interval', async () => {
  hints.eventsStored();
  await eventually(() => heard.length === 1, { what: 'the first hint is heard' });
  const askedAtMs = performance.now();
  hints.runsReady();
  hints.stopsRequested();
  await eventually(() => heard.length === 2, { what: 'the second hint is heard' });
  expect(heard.map(({ payload }) => payload.split('@')[0])).toEqual(['events_stored', 'runs_ready,stops_requested']);
  expect((heard[1]?.atMs ?? 0) - askedAtMs).toBeLessThan(1_500);
});

test('a process that hears of stop requests, or may have missed one, looks for them', async () => {
  for (const payload of ['stops_requested', null]) {
    const look = local.stops_requested.wait(10_000);
    hints.onNotify(payload);
    expect(await look).toBe('notified');
  }
});

test('on many hints a process looks seldom: soon after the first, and once after the last', async () => {
  const ready = new Wakeup();
  const many = new PostgresHints({
    pool,
    local: { ...local, runs_ready: ready },
    minIntervalMs: 0,
    urgentIntervalMs: 0,
    minLookMs: 50,
    random,
    logger: silentLogger,
  });
  let lookCount = 0;
  const end = new AbortController();
  const looking = (async () => {
    while ((await ready.wait(60_000, end.signal)) === 'notified') lookCount += 1;
  })();
  const startedMs = performance.now();
  for (let index = 0; index < 1_000; index += 1) {
    many.onNotify('runs_ready@another');
    await nextTurn();
  }
  await eventually(() => lookCount >= 2, { what: 'the last hint is followed by a look' });
  const passedMs = performance.now() - startedMs;
  many.close();
  end.abort();
  await looking;
  expect(lookCount).toBeLessThanOrEqual(2 + passedMs / 75);
});

test('a process does not wake up by its own hint', async () => {
  const ready = new Wakeup();
  const own = new PostgresHints({
    pool,
    local: { ...local, runs_ready: ready },
    minIntervalMs: 0,
    urgentIntervalMs: 0,
    minLookMs: 0,
    random,
    logger: silentLogger,
  });
  const before = heard.length;
  own.runsReady();
  expect(await ready.wait(0)).toBe('notified');
  await eventually(() => heard.length > before, { what: 'the hint is heard' });
  own.onNotify(heard.at(-1)?.payload ?? null);
  expect(await ready.wait(0)).toBe('timeout');
  hints.onNotify(heard.at(-1)?.payload ?? null);
  expect(await local.runs_ready.wait(10_000)).toBe('notified');
});
