/**
 * The delivery loop: how many requests are under way, whose turn it is, when it looks, and what it leaves behind.
 *
 * Real     The loop, its settlements, the ledger in Postgres.
 * Doubled  Kafka, and the sender: the test sees each request and answers it.
 */
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { targeted } from '../adapters/postgres/ledger-world.fixture.ts';
import { LoopWorld, NEVER_MS, repeated } from './loop-world.fixture.ts';

test('an origin gets one request before its first 2xx, and four at once from then on', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  const { sender } = world;
  sender.script = (host) => (host === 'new.example' ? null : 200);
  world.start();
  await world.store(repeated('new.example', 20));
  await eventually(() => sender.countOf('new.example') === 1, { what: 'its first request' });
  await world.rounds();
  expect(sender.most.get('new.example')).toBe(1);

  sender.answer('new.example', 204);
  await eventually(() => sender.countOf('new.example') === 4, { what: 'four at once' });
  await world.rounds();
  expect(sender.most.get('new.example')).toBe(4);
});

test('an origin that never answers 2xx gets five requests in a minute, one at a time', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  world.sender.script = (host) => (host === 'refusing.example' ? 500 : 200);
  world.start();
  await world.store(repeated('refusing.example', 20));
  await eventually(() => world.sender.sent.length === 5, { what: 'five requests', seen: () => world.sender.sent });
  await world.rounds();

  expect(world.sender.sent.filter((host) => host === 'refusing.example')).toHaveLength(5);
  expect(world.sender.most.get('refusing.example')).toBe(1);
});

test('the origins of a site share eight slots, and all sites that hang share three quarters of those of the process', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { maxInFlight: 18 });
  const crowd = ['a', 'b', 'c'].map((name) => `${name}.crowd.example`);
  const others = ['one.example', 'two.example', 'three.example'];
  await world.trust(crowd, 'crowd.example');
  await world.trust(others);
  const { sender } = world;
  sender.script = (host) => (host.startsWith('bystander') ? 200 : null);
  const underWay = (hosts: string[]): number => hosts.reduce((sum, host) => sum + sender.countOf(host), 0);
  await world.ledger.takeIn(
    crowd.flatMap((host) => repeated(host, 10).map(() => targeted({ host, site: 'crowd.example' }))),
  );
  world.start();
  await eventually(() => underWay(crowd) >= 8, { what: 'the site has its share', seen: () => sender.sent });
  await world.rounds();
  expect(underWay(crowd)).toBe(8);

  await world.store(others.flatMap((host) => repeated(host, 10)));
  await eventually(() => sender.underWay.size === 14, { what: 'all slots taken', seen: () => sender.underWay.size });
  sender.answer('one.example', 200);
  // One of them has shown that it answers quickly, and may have more.
  await eventually(() => sender.underWay.size >= 14, { what: 'all slots taken again' });
  expect(underWay(crowd)).toBe(8);
  expect(sender.mostInAll).toBeLessThanOrEqual(18);
});

test('results that wait for their commit hold no slots, are few, and keep the lease', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  await world.trust(['busy.example']);
  const gate = Promise.withResolvers<void>();
  world.commits = gate.promise;
  world.start();
  try {
    await world.store(repeated('busy.example', 40));
    await eventually(() => world.sender.sent.length === 16 && world.sender.underWay.size === 0, {
      what: 'sixteen are answered',
      seen: () => [world.sender.sent.length, world.sender.underWay.size],
    });
    // The loop goes round, with nothing to do, until somebody else has his turn.
    for (let round = 1; round <= 3; round += 1) {
      await world.store([`bystander-${round}.example`]);
      await eventually(() => world.sender.sent.length === 16 + round, { what: 'another origin is served' });
    }
    expect((await world.leases()).find(({ origin }) => origin === 'https://busy.example')?.isOwned).toBe(true);
  } finally {
    gate.resolve();
  }
  await world.delivered(44);
  expect(world.sender.sent).toHaveLength(43);
  expect(world.sender.most.get('busy.example')).toBe(4);
});

test('an origin with a long queue and another one take turns', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { maxInFlight: 1 });
  await world.trust(['long.example']);
  await world.ledger.takeIn(repeated('long.example', 500).map((host) => targeted({ host })));
  await world.ledger.takeIn([targeted({ host: 'short.example' })]);
  world.start();
  await world.delivered(1, 'short.example');

  const turn = world.sender.sent.indexOf('short.example');
  expect(turn).toBeGreaterThan(0);
  expect(turn).toBeLessThan(260);
});

test('a stored event is sent immediately, and free slots are filled, without waiting for the next poll', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { pollMs: NEVER_MS });
  await world.trust(['busy.example']);
  world.start();
  await world.store(['first.example']);
  await world.delivered(1, 'first.example');
  // More than are fetched at once.
  await world.store(repeated('busy.example', 60));
  await world.delivered(61, 'busy.example');

  expect(world.sender.most.get('busy.example')).toBe(4);
});

test('a lease is given back when there is nothing to send, and taken again for what comes', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  world.start();
  for (let round = 1; round <= 2; round += 1) {
    await world.store(['quiet.example']);
    await world.delivered(round);
    await eventually(async () => (await world.leases()).every(({ isOwned, isDue }) => !isOwned && !isDue), {
      what: 'the lease is given back',
      deadlineMs: 10_000,
    });
    expect(world.delivery.heldCount).toBe(0);
  }
});

test('a drain waits for answers within the grace, aborts other attempts without spending them, and gives every lease back immediately', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  const { sender } = world;
  sender.script = () => null;
  world.start();
  await world.store(['hanging.example', 'hanging.example', 'late.example']);
  await eventually(() => sender.underWay.size === 2, { what: 'two requests' });

  const drained = world.drain(1_500);
  sender.answer('late.example', 200);
  await drained;

  expect(sender.sent).toHaveLength(2);
  expect(await world.leases()).toEqual([
    { origin: 'https://hanging.example', isOwned: false, isDue: true },
    { origin: 'https://late.example', isOwned: false, isDue: false },
  ]);
  const { rows } = await world.ledger.pool.query(
    `select origin, state, attempts, sends from webhooks.deliveries join webhooks.endpoints using (endpoint_id)
     order by delivery_id`,
  );
  expect(rows).toEqual([
    { origin: 'https://hanging.example', state: 'due', attempts: 0, sends: 1 },
    { origin: 'https://hanging.example', state: 'due', attempts: 0, sends: 0 },
    { origin: 'https://late.example', state: 'delivered', attempts: 1, sends: 1 },
  ]);
});
