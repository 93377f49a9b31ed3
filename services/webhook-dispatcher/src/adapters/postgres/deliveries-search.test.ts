/** A list of deliveries in a rare state looks at as many as it may. Real: Postgres, the migrations and the statement. */
import { randomUUID } from 'node:crypto';
import { pagesRead } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';
import { createWebhookLists } from './operations-reading.ts';
import { sql } from './statements.ts';

test('pages of a state are bounded by what they look at, go on behind it, and meet', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const event = targeted({ url: 'https://hooks.example/mine', host: 'hooks.example' });
  const events = Array.from({ length: 6 }, () => ({ ...event, eventId: randomUUID(), runId: randomUUID() }));
  for (const one of events) await world.takeIn([one]);
  const { rows } = await world.pool.query<{ delivery_id: string }>(
    'select delivery_id::text from webhooks.deliveries order by delivery_id',
  );
  const ids = rows.map(({ delivery_id: id }) => BigInt(id));
  await world.pool.query(
    `update webhooks.deliveries set state = 'dead', dead_reason = 'gone', next_attempt_at = null, ended_at = now()
     where delivery_id = any ($1::bigint[])`,
    [[ids[0], ids[2], ids[5]].map(String)],
  );
  const lists = createWebhookLists(world.database, { group: 'g', topic: 't' });
  const search = async (before: bigint | null, lookLimit: number, limit: number) => {
    const { deliveries, next } = await lists.search({ states: ['dead'], before, lookLimit, limit });
    return {
      at: deliveries.map(({ delivery_id: id }) => ids.indexOf(id)),
      next: next === null ? null : ids.indexOf(next),
    };
  };
  expect(await search(null, 2, 9)).toEqual({ at: [5], next: 4 });
  expect(await search(ids[4] ?? null, 1, 9)).toEqual({ at: [], next: 3 });
  expect(await search(ids[3] ?? null, 100, 1)).toEqual({ at: [2], next: 2 });
  expect(await search(ids[2] ?? null, 100, 9)).toEqual({ at: [0], next: null });
  await world.pool.query(`update webhooks.deliveries set created_at = '2020-01-01' where delivery_id <= $1`, [
    String(ids[2]),
  ]);
  const since = async (before: bigint | null, at: string) => {
    const { deliveries, next } = await lists.search({ since: new Date(at), before, lookLimit: 2, limit: 9 });
    return { at: deliveries.map(({ delivery_id: id }) => ids.indexOf(id)), goesOn: next !== null };
  };
  expect(await since(null, '2021-01-01')).toEqual({ at: [5, 4], goesOn: true });
  expect(await since(ids[4] ?? null, '2021-01-01')).toEqual({ at: [3], goesOn: true });
  expect(await since(ids[3] ?? null, '2021-01-01')).toEqual({ at: [], goesOn: false });
  const byOrigin = async (origin: string) =>
    (await lists.search({ origin, before: null, lookLimit: 100, limit: 100 })).deliveries.length;
  expect([await byOrigin('https://hooks.example'), await byOrigin('https://other.example')]).toEqual([6, 0]);
  const all = await lists.search({ states: null, before: null, lookLimit: 100, limit: 100 });
  expect(all.deliveries.map(({ origin }) => origin)).toEqual(Array(6).fill('https://hooks.example'));
  expect(all.deliveries[0]).not.toHaveProperty('url');
});

test('a search for a state that no delivery is in reads no more pages than it may', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted({ url: 'https://hooks.example/mine', host: 'hooks.example' })]);
  await world.pool.query(
    `insert into webhooks.deliveries (event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal, state,
       ended_at, source_topic, source_partition, source_offset)
     select first.event_id, n::text, 'https://hooks.example/mine', first.endpoint_id, gen_random_uuid(), 3, 'run.succeeded', true,
       'delivered', now(), 't', 0, n
     from generate_series(1, 20000) as n, (select event_id, endpoint_id from webhooks.deliveries) as first`,
  );
  await world.pool.query('vacuum (analyze) webhooks.deliveries');
  const pagesOf = (lookLimit: number) => {
    const values = { states: ['dead'], origin: null, since: null, before: null, look_limit: lookLimit, limit: 50 };
    return pagesRead(world.pool, sql.searchDeliveries, values);
  };
  const bounded = await pagesOf(500);
  expect(bounded).toBeLessThan(60);
  // What is compared with is no accident of the plan: the whole costs in proportion.
  expect(await pagesOf(30_000)).toBeGreaterThan(10 * bounded);
});
