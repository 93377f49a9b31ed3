/**
 * What operators do to URLs and origins holds, whoever else writes, and is noted for the notices. Real: Postgres, the
 * migrations and the statements.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { answered } from '../../domain/outcomes.fixture.ts';
import type { EndpointOperator } from '../../app/operators/operate-endpoints.ts';
import { createEndpointOperator } from './endpoint-operator.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

const OWNER = randomUUID();
const MINE = targeted({ url: 'https://hooks.example/mine', host: 'hooks.example' });
const THEIRS = targeted({ url: 'https://hooks.example/theirs', host: 'hooks.example' });
const ORIGIN = { origin: MINE.origin, urlHash: null };
const URL_ = { origin: MINE.origin, urlHash: MINE.urlHash };

let world: LedgerWorld;
let operator: EndpointOperator;
beforeEach(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
  operator = createEndpointOperator(world.database);
});
afterEach(() => world[Symbol.asyncDispose]());

const again = (event: typeof MINE) => ({ ...event, eventId: randomUUID(), runId: randomUUID() });

/** Sends everything that may be sent with this answer, and says to which URLs. */
async function serve(status: number, retryAfterSeconds: number | null = null): Promise<string[]> {
  const urls: string[] = [];
  for (const endpoint of await world.lease(OWNER)) {
    for (const delivery of await world.due(endpoint)) {
      urls.push(delivery.url);
      await world.settle(endpoint, delivery, { kind: 'response', status, retryAfterSeconds, instruction: null });
    }
    await world.release(endpoint);
  }
  return urls.toSorted();
}

async function notices(): Promise<Record<string, string>> {
  const { rows } = await world.pool.query<{ url_hash: string; state: string }>(
    'select url_hash, state from webhooks.notices',
  );
  const nameOf = (hash: string) => (hash === '' ? 'origin' : hash === MINE.urlHash ? 'mine' : 'theirs');
  return Object.fromEntries(rows.map(({ url_hash: hash, state }) => [nameOf(hash), state]));
}

test('a paused URL gets nothing until it is resumed, and other URLs of its origin get everything', async () => {
  await world.takeIn([MINE, THEIRS]);
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('Nothing is due.');
  const [underWay] = (await world.due(endpoint)).filter(({ urlHash }) => urlHash === MINE.urlHash);
  if (underWay === undefined) throw new Error('Mine is not due.');
  expect(await operator.pause(URL_)).toBe(true);

  // Whoever holds the lease hears of it, and what is under way may end.
  const renewal = await world.deliveries.renew(OWNER, [endpoint], 60_000);
  expect([...renewal.recalledIds]).toEqual([endpoint.endpointId]);
  expect(await world.settle(endpoint, underWay, answered(500))).toBe('retry');
  await world.release(endpoint);
  await world.takeIn([again(MINE), again(THEIRS)]);
  expect(await serve(200)).toEqual([THEIRS.url, THEIRS.url]);
  expect(await world.account()).toMatchObject({ parked: 2, delivered: 2 });
  expect(await notices()).toEqual({ mine: 'paused' });

  expect(await operator.resume(URL_)).toBe(1);
  await world.passTime();
  expect(await serve(200)).toEqual([MINE.url, MINE.url]);
  expect(await notices()).toEqual({ mine: 'well' });
  expect(await world.problems()).toEqual([]);
});

test('no URL of a paused origin gets anything until it is resumed', async () => {
  await world.takeIn([MINE, targeted({ host: 'other.example' })]);
  expect(await operator.pause(ORIGIN)).toBe(true);
  await world.takeIn([again(MINE), THEIRS]);
  await world.passTime();
  expect(await serve(200)).toEqual(['https://other.example/hook']);
  expect(await notices()).toEqual({ origin: 'paused' });
  expect(await operator.resume(ORIGIN)).toBe(0);
  expect(await serve(200)).toEqual([MINE.url, MINE.url, THEIRS.url]);
  expect(await notices()).toEqual({ origin: 'well' });
  expect(await world.problems()).toEqual([]);
});

test('an operator lifts a pause that a receiver asked for, and an open breaker', async () => {
  await world.takeIn([MINE]);
  expect(await serve(429, 86_400)).toEqual([MINE.url]);
  await world.pool.query('update webhooks.deliveries set next_attempt_at = now()');
  expect(await serve(200)).toEqual([]);
  expect(await operator.resume(ORIGIN)).toBe(1);
  expect(await serve(200)).toEqual([MINE.url]);

  await world.takeIn(Array.from({ length: 10 }, () => again(MINE)));
  expect(await serve(404)).toHaveLength(10);
  expect(await notices()).toEqual({ mine: 'parked' });
  await world.pool.query('update webhooks.deliveries set next_attempt_at = now() where next_attempt_at is not null');
  expect(await serve(200)).toEqual([]);
  expect(await operator.resume({ origin: null, urlHash: MINE.urlHash })).toBe(1);
  expect(await serve(200)).toHaveLength(10);
  expect(await world.problems()).toEqual([]);
});

test('a process with an earlier lease cannot overwrite what an operator did with old health', async () => {
  await world.takeIn([MINE]);
  const [former] = await world.lease(OWNER);
  if (former === undefined) throw new Error('Nothing is due.');
  const [delivery] = await world.due(former);
  if (delivery === undefined) throw new Error('Nothing is due.');
  await operator.resume(ORIGIN);
  expect(await world.settle(former, delivery, answered(410))).toBe('lost');
  expect(await serve(200)).toEqual([MINE.url]);
});

test('a disabled URL is enabled, by itself or with its origin', async () => {
  await world.takeIn([MINE]);
  await serve(410);
  expect(await notices()).toEqual({ mine: 'disabled' });
  expect(await operator.resume(URL_)).toBe(0);
  expect(await operator.enable(URL_)).toBe(1);
  await world.takeIn([again(MINE)]);
  expect(await serve(410)).toEqual([MINE.url]);
  expect(await operator.enable(ORIGIN)).toBe(1);
  expect(await operator.enable(ORIGIN)).toBe(0);
  expect(await notices()).toEqual({ mine: 'well' });
});

test('three failures in a row are noted, and the success that ends them', async () => {
  for (const [status, noted] of [
    [500, {}],
    [500, {}],
    [500, { mine: 'failing' }],
    [500, { mine: 'failing' }],
    [200, { mine: 'well' }],
  ] as const) {
    await world.takeIn([again(MINE)]);
    const [endpoint] = await world.lease(OWNER);
    if (endpoint === undefined) throw new Error('Nothing is due.');
    const delivery = (await world.due(endpoint)).at(-1);
    if (delivery === undefined) throw new Error('Nothing is due.');
    await world.settle(endpoint, delivery, answered(status));
    await world.release(endpoint);
    expect(await notices()).toEqual(noted);
  }
});

test('a URL or origin that the ledger does not know cannot be paused, resumed or enabled', async () => {
  const nowhere = { origin: 'https://nowhere.example', urlHash: null };
  expect(await operator.pause(nowhere)).toBe(false);
  expect(await operator.resume({ origin: null, urlHash: 'f'.repeat(64) })).toBeNull();
  expect(await operator.enable(nowhere)).toBeNull();
});
