/** A list of deliveries in a rare state looks at as many as it may. Real: Postgres, the migrations and the statement. */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';
import { createWebhookLists } from './operations-reading.ts';

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
  const all = await lists.search({ states: null, before: null, lookLimit: 100, limit: 100 });
  expect(all.deliveries.map(({ origin }) => origin)).toEqual(Array(6).fill('https://hooks.example'));
  expect(all.deliveries[0]).not.toHaveProperty('url');
});
