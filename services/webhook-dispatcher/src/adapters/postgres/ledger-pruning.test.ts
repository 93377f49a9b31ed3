/**
 * Retention: what is deleted when; everything stays accounted for.
 *
 * Real     Postgres, and every statement of intake, delivery and pruning.
 * Doubled  Kafka and HTTP; time passes by moving the rows into the past.
 */
import { randomUUID } from 'node:crypto';
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { pruneUntil } from '../../app/upkeep/prune-ledger.ts';
import { answered } from '../../domain/outcomes.fixture.ts';
import { createLedgerPruning } from './ledger-pruning.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

const HOUR_MS = 3_600_000;

/** Delivers what is due to the host, or has it die of an answer of 410. */
async function attempt(world: LedgerWorld, status: 200 | 410): Promise<void> {
  const [endpoint] = await world.lease(randomUUID());
  if (endpoint === undefined) throw new Error('Nothing is due.');
  for (const delivery of await world.due(endpoint)) await world.settle(endpoint, delivery, answered(status));
  await world.release(endpoint);
}

/** Moves everything that is in the ledger this many hours into the past. */
async function age(world: LedgerWorld, hours: number): Promise<void> {
  for (const [table, column] of [
    ['deliveries', 'created_at'],
    ['deliveries', 'ended_at'],
    ['events', 'created_at'],
    ['quarantine', 'created_at'],
  ]) {
    await world.pool.query(`update webhooks.${table} set ${column} = ${column} - $1 * interval '1 hour'`, [hours]);
  }
}

async function left(world: LedgerWorld): Promise<Record<string, number>> {
  const { rows } = await world.pool.query<Record<string, number>>(
    `select
       (select count(*)::integer from webhooks.deliveries where state = 'delivered') as delivered,
       (select count(*)::integer from webhooks.deliveries where state = 'dead') as dead,
       (select count(*)::integer from webhooks.deliveries where state = 'due') as due,
       (select count(*)::integer from webhooks.attempts) as attempts,
       (select count(*)::integer from webhooks.events) as events`,
  );
  return rows[0] ?? {};
}

test('delivered rows are deleted at the age, dead ones at twice the age, due ones never, each with its dependent rows', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const pruning = createLedgerPruning(world.database);
  const prune = async () => {
    const deliveries = await pruning.pruneDeliveries(HOUR_MS, 100);
    return { deliveries, events: await pruning.pruneEvents(HOUR_MS, 100) };
  };
  await world.takeIn([targeted(), targeted()]);
  await attempt(world, 200);
  await world.takeIn([targeted()]);
  await attempt(world, 410);
  await world.takeIn([targeted(), null]);

  expect(await prune()).toEqual({ deliveries: 0, events: 0 });
  await age(world, 1.5);
  expect(await prune()).toEqual({ deliveries: 2, events: 2 });
  expect(await left(world)).toEqual({ delivered: 0, dead: 1, due: 1, attempts: 1, events: 2 });
  expect(await world.account()).toMatchObject({ pruned: 2, delivered: 0, dead: 1, due: 1, withoutTarget: 1, gap: 0 });

  await age(world, 1);
  expect(await prune()).toEqual({ deliveries: 1, events: 1 });
  expect(await left(world)).toEqual({ delivered: 0, dead: 0, due: 1, attempts: 0, events: 1 });
  expect(await world.account()).toMatchObject({ pruned: 3, dead: 0, due: 1, gap: 0 });
});

test('quarantined records are deleted at the age, and stay counted', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const pruning = createLedgerPruning(world.database);
  await world.takeIn([null, 'quarantine', 'quarantine']);
  await age(world, 1.5);
  await world.takeIn(['quarantine']);

  expect(await pruning.pruneQuarantine(HOUR_MS, 1)).toBe(1);
  expect(await pruning.pruneQuarantine(HOUR_MS, 100)).toBe(1);
  expect(await pruning.pruneQuarantine(HOUR_MS, 100)).toBe(0);

  expect(await world.account()).toMatchObject({ quarantined: 1, pruned: 2, offsets: 4, gap: 0 });
});

test('one round deletes everything that is old, however much it is', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const count = 1_100;
  await world.takeIn(Array.from({ length: count }, () => targeted({ refusal: 'denied_address: It is private.' })));
  await age(world, 3);
  const stop = new AbortController();
  const pruned = pruneUntil(stop.signal, {
    ledger: createLedgerPruning(world.database),
    ageMs: HOUR_MS,
    everyMs: HOUR_MS,
    logger: silentLogger,
  });
  try {
    await eventually(async () => (await left(world))['events'] === 0, {
      what: 'everything is deleted',
      deadlineMs: 10_000,
      seen: () => world.account(),
    });
  } finally {
    stop.abort();
    await pruned;
  }

  expect(await world.account()).toMatchObject({ pruned: count, dead: 0, gap: 0 });
});

test('an idle URL is forgotten after a day, and one with failures after twice the age of deliveries', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const urls = [
    { url_hash: 'idle', breaker: 'closed', days: 2, is_due: false },
    { url_hash: 'young', breaker: 'closed', days: 0, is_due: false },
    { url_hash: 'due', breaker: 'closed', days: 40, is_due: true },
    { url_hash: 'in trouble', breaker: 'open', days: 20, is_due: false },
    { url_hash: 'long in trouble', breaker: 'disabled', days: 29, is_due: false },
  ];
  await world.pool.query(
    `insert into webhooks.targets (url_hash, endpoint_id, breaker, updated_at, next_due_at)
     select 'forgotten ' || url_hash, -1, breaker, now() - days * interval '1 day', case when is_due then now() end
     from jsonb_to_recordset($1) as url (url_hash text, breaker text, days integer, is_due boolean)`,
    [JSON.stringify(urls)],
  );

  await createLedgerPruning(world.database).pruneTargets(14 * 24 * HOUR_MS, 100);

  const { rows } = await world.pool.query<{ url_hash: string }>(
    'select url_hash from webhooks.targets where endpoint_id = -1 order by url_hash',
  );
  expect(rows.map(({ url_hash }) => url_hash)).toEqual(['forgotten due', 'forgotten in trouble', 'forgotten young']);
});
