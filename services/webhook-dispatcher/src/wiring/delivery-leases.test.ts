/**
 * Leases that run out under the process that has them, as in an outage of the database that is longer than they are.
 *
 * Real     The loop, its settlements, the ledger in Postgres.
 * Doubled  Kafka; the sender, which answers when the test says so; the outage: leases are made to run out.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { targeted } from '../adapters/postgres/ledger-world.fixture.ts';
import { LoopWorld, repeated } from './loop-world.fixture.ts';

test('a lease that expired but that nobody took continues: nothing is sent twice, and results count', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  await world.trust(['busy.example']);
  const { sender } = world;
  sender.script = (host) => (host === 'busy.example' ? null : 200);
  world.start();
  await world.store(repeated('busy.example', 40));
  await eventually(() => sender.countOf('busy.example') === 4, { what: 'four requests are under way' });

  const { rowCount } = await world.ledger.pool.query(
    `update webhooks.endpoints set lease_until = now() - interval '1 second', next_due_at = now()
     where origin = 'https://busy.example' and owner is not null`,
  );
  expect(rowCount).toBe(1);
  await world.rounds();
  sender.script = () => 200;
  sender.answer('busy.example', 200);
  await world.delivered(41, 'busy.example');

  expect(sender.sent.filter((host) => host === 'busy.example')).toHaveLength(40);
});

test('a stuck loop gives its leases up, so that another one sends, and is distinguished from one that works', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { leaseMs: 1_500 });
  const hang = Promise.withResolvers<void>();
  const isFetching = Promise.withResolvers<void>();
  world.beforeFetch = () => {
    isFetching.resolve();
    return hang.promise;
  };
  await world.ledger.takeIn([targeted({ host: 'stuck.example' })]);
  world.start();
  world.renew();
  await isFetching.promise;
  const before = await world.leases();
  expect(before).toMatchObject([{ isOwned: true }]);
  await eventually(async () => (await world.leases()).every(({ isOwned }) => !isOwned), {
    what: 'the lease is given up',
  });
  expect(world.delivery.stalledForMs).toBeGreaterThanOrEqual(500);
  expect(await world.ledger.lease(randomUUID())).toHaveLength(1);

  world.beforeFetch = async () => undefined;
  hang.resolve();
  await eventually(() => world.delivery.stalledForMs < 500, { what: 'it comes round again' });
  expect(world.sender.sent).toEqual([]);
});
