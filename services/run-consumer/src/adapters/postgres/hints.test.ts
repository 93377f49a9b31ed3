/** Real: Postgres and its NOTIFY. Decides: which hints another process hears, and after how long. */
import { createPool, listen } from '@runlane/postgres';
import { Wakeup } from '@runlane/service-kit';
import { createDatabase, eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { silent } from '../langgraph/run-rows.fixture.ts';
import { HINT_CHANNEL, PostgresHints } from './hints.ts';

const resources = new AsyncDisposableStack();
const heard: { payload: string; atMs: number }[] = [];
let hints: PostgresHints;
const local = {
  runs_ready: new Wakeup(),
  events_stored: new Wakeup(),
  dead_letters_stored: new Wakeup(),
  stops_requested: new Wakeup(),
};

beforeAll(async () => {
  const url = await createDatabase(inject('databaseUrl'));
  const pool = createPool({ url, applicationName: 'test', logger: silent });
  resources.defer(() => pool.end());
  let isListening = false;
  const onNotify = (payload: string | null) => {
    if (payload === null) isListening = true;
    else heard.push({ payload, atMs: performance.now() });
  };
  const { signal } = new AbortController();
  resources.use(listen({ url, channel: HINT_CHANNEL, onNotify, logger: silent, signal }));
  await eventually(() => isListening, { what: 'the listener listens' });
  hints = new PostgresHints({ pool, local, minIntervalMs: 2_000, urgentIntervalMs: 0, logger: silent });
});
afterAll(async () => {
  hints.close();
  await resources.disposeAsync();
});

test('a node that shall stop is told at once, although other hints wait for their interval', async () => {
  hints.eventsStored();
  await eventually(() => heard.length === 1, { what: 'the first hint is heard' });
  const askedAtMs = performance.now();
  hints.runsReady();
  hints.stopsRequested();
  await eventually(() => heard.length === 2, { what: 'the second hint is heard' });
  expect(heard.map(({ payload }) => payload)).toEqual(['events_stored', 'runs_ready,stops_requested']);
  expect((heard[1]?.atMs ?? 0) - askedAtMs).toBeLessThan(1_500);
});

test('whoever hears that runs were asked to stop, or may have missed it, looks', async () => {
  for (const payload of ['stops_requested', null]) {
    const look = local.stops_requested.wait(10_000);
    hints.onNotify(payload);
    expect(await look).toBe('notified');
  }
});
