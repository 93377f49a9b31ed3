/**
 * Users who share an origin, a site or a process do not affect each other.
 *
 * Real     The loop, its settlements, the ledger in Postgres.
 * Doubled  Kafka, and the sender: the test sees each request and answers it.
 */
import { eventually } from '@runlane/testkit';
import { describe, expect, inject, test } from 'vitest';
import { targeted } from '../adapters/postgres/ledger-world.fixture.ts';
import { BODY_BUDGET, LoopWorld, NEVER_MS, repeated } from './loop-world.fixture.ts';

const LARGE_BYTES = 200_000;

describe('users who share an origin', () => {
  const MINE = 'https://hooks.example/mine';
  const THEIRS = 'https://hooks.example/theirs';

  test.each([
    ['answers 404', 404],
    ['is gone', 410],
    ['is disabled', { status: 400, instruction: 'disable' }],
    ['asks for a pause of a day', { status: 429, retryAfterSeconds: 86_400 }],
    ['fails', 500],
  ] as const)('with a URL that %s do not hold up others', async (_name, answer) => {
    await using world = await LoopWorld.create(inject('databaseUrl'));
    await world.trust(['hooks.example']);
    world.sender.script = (_host, path) => (path === '/theirs' ? answer : 200);
    await world.ledger.takeIn(repeated(THEIRS, 100).map((url) => targeted({ url, host: 'hooks.example' })));
    world.start();
    await eventually(() => world.sender.urls.includes(THEIRS), { what: 'theirs is tried' });
    for (let n = 1; n <= 5; n += 1) {
      await world.storeUrls([MINE]);
      await eventually(async () => (await world.endsOf(MINE))['delivered'] === n, {
        what: `${n} of mine are delivered`,
      });
    }
    expect(await world.endsOf(MINE)).toEqual({ delivered: 5 });
  });

  test('with hanging URLs leave half of the slots to those that answer', async () => {
    await using world = await LoopWorld.create(inject('databaseUrl'));
    await world.trust(['hooks.example']);
    world.sender.script = (_host, path) => (path.startsWith('/hang') ? null : 200);
    world.start();
    await world.storeUrls([MINE]);
    await world.delivered(2);
    await world.storeUrls(Array.from({ length: 20 }, (_, n) => `https://hooks.example/hang${n}`));
    await eventually(() => world.sender.countOf('hooks.example') === 4, { what: 'they take what they get' });
    await world.storeUrls(repeated(MINE, 50));
    await world.delivered(52);
    expect(world.sender.countOf('hooks.example')).toBe(4);
  });

  test('the long queue of a disabled URL is ended in parts, and leaves no lease behind', async () => {
    await using world = await LoopWorld.create(inject('databaseUrl'));
    world.sender.script = (_host, path) => (path === '/theirs' ? 410 : 200);
    await world.ledger.takeIn(repeated(THEIRS, 2_500).map((url) => targeted({ url, host: 'hooks.example' })));
    world.start();
    await eventually(async () => (await world.endsOf(THEIRS))['due'] === undefined, { what: 'all have ended' });
    expect(await world.endsOf(THEIRS)).toEqual({ gone: 1, disabled: 2_499 });
    expect(world.sender.urls).toEqual([THEIRS]);
    await eventually(() => world.delivery.heldCount === 0, { what: 'the lease is given back' });
  });
});

test('the origins of a site take turns with its slots, however long the queues of some are', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  const hosts = ['a', 'b', 'c'].map((name) => `${name}.crowd.example`);
  await world.trust(hosts, 'crowd.example');
  await world.ledger.takeIn(
    ['a.crowd.example', 'b.crowd.example'].flatMap((host) =>
      repeated(host, 200).map(() => targeted({ host, site: 'crowd.example' })),
    ),
  );
  await world.ledger.takeIn([targeted({ host: 'c.crowd.example', site: 'crowd.example' })]);
  world.start();
  await world.delivered(2, 'c.crowd.example');
  expect(world.sender.sent.indexOf('c.crowd.example')).toBeLessThan(64);
});

test('slow receivers leave slots and leases to quick ones, however many they are', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { maxInFlight: 8 });
  const slow = ['slow-1.example', 'slow-2.example', 'slow-3.example', 'slow-4.example'];
  await world.trust([...slow, 'quick.example']);
  world.sender.script = (host) => (host.startsWith('slow') ? null : 200);
  world.start();
  // How long it takes is known from its answers.
  await world.store(['quick.example']);
  await world.delivered(2, 'quick.example');
  await world.store(slow.flatMap((host) => repeated(host, 8)));
  const slowOnes = () => slow.reduce((sum, host) => sum + world.sender.countOf(host), 0);
  await eventually(() => slowOnes() === 6, { what: 'the slow ones have all that they get', seen: slowOnes });
  await world.store(repeated('quick.example', 20));
  await world.delivered(22, 'quick.example');
  expect(slowOnes()).toBe(6);
  // What comes free goes round.
  world.sender.script = () => 200;
  for (const host of slow) world.sender.answer(host, 200);
  for (const host of slow) await world.delivered(9, host);
});

test('large bodies are in memory only while they are sent, within the budget, and hold up no small one', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  const hosts = Array.from({ length: 10 }, (_, n) => `large-${n}.example`);
  await world.trust(hosts);
  world.sender.script = (host) => (host.startsWith('large') ? null : 200);
  world.start();
  // Eight times the budget, and all of it could be under way.
  for (const host of hosts) await world.storeLarge(host, 4, LARGE_BYTES);
  const fitting = Math.floor(BODY_BUDGET / LARGE_BYTES);
  await eventually(() => world.sender.underWay.size === fitting, { what: 'as many as fit are sent' });
  await world.rounds();
  expect(world.sender.underWay.size).toBe(fitting);
  // Those that wait have not been read.
  expect(world.bodiesRead).toBe(fitting);
  world.sender.script = () => 200;
  for (const host of hosts) world.sender.answer(host, 200);
  for (const host of hosts) await world.delivered(5, host);

  expect(world.sender.bodySizes.filter((bytes) => bytes === LARGE_BYTES)).toHaveLength(40);
  expect(world.sender.mostBytes).toBeLessThanOrEqual(BODY_BUDGET);
  expect(world.mostFetchedBytes).toBeLessThan(LARGE_BYTES);
});

test('an endpoint that cannot be fetched rests alone', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  await world.ledger.takeIn([targeted({ host: 'broken.example' }), targeted({ host: 'sound.example' })]);
  const { rows } = await world.ledger.pool.query<{ endpoint_id: bigint }>(
    `select endpoint_id from webhooks.endpoints where origin = 'https://broken.example'`,
  );
  world.beforeFetch = async (wanted) => {
    if (wanted.some(({ endpointId }) => endpointId === rows[0]?.endpoint_id)) throw new Error('It cannot be read.');
  };
  world.start();
  await world.delivered(1, 'sound.example');
  expect(world.sender.sent).toEqual(['sound.example']);
});

test('an event that is stored during a fetch is sent immediately', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { pollMs: NEVER_MS });
  world.start();
  let stores = 1;
  await world.store(['busy.example']);
  world.beforeFetch = async () => {
    if (stores-- > 0) {
      // After the statement of this fetch has seen what there is.
      setImmediate(() => void world.store(['busy.example']));
    }
  };
  await world.delivered(2, 'busy.example');
  expect(world.sender.sent).toEqual(['busy.example', 'busy.example']);
});

test('a receiver that throttles is asked again at its pace, without spending attempts', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'));
  await world.trust(['slow.example']);
  let freeAtMs = 0;
  world.sender.script = () => {
    if (performance.now() < freeAtMs) return { status: 429, retryAfterSeconds: 0.2 };
    freeAtMs = performance.now() + 200;
    return 200;
  };
  world.start();
  await world.store(repeated('slow.example', 12));
  await world.delivered(13, 'slow.example');
  const { rows } = await world.ledger.pool.query('select distinct attempts from webhooks.deliveries');
  expect(rows).toEqual([{ attempts: 1 }]);
});

test('hanging sites behind one address hold no more slots than the address has, and sites elsewhere are served', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { maxInFlight: 20 });
  const hosts = ['hang-1.example', 'hang-2.example', 'hang-3.example'];
  world.sender.addressOf = (host) => (host.startsWith('hang') ? '192.0.2.1' : '192.0.2.2');
  await world.trust([...hosts, 'sound.example']);
  world.start();
  // Where they are is known from an answer.
  await world.store([...hosts, 'sound.example']);
  await world.delivered(8);
  world.sender.script = (host) => (host.startsWith('hang') ? null : 200);
  for (const host of hosts) {
    await world.storeUrls(Array.from({ length: 8 }, (_, n) => `https://${host}/${n}`));
    await world.storeUrls(repeated(`https://${host}/hook`, 8));
  }
  const hanging = () => hosts.reduce((sum, host) => sum + world.sender.countOf(host), 0);
  await eventually(() => hanging() === 12, { what: 'the address is full', seen: hanging });
  await world.store(repeated('sound.example', 20));
  await world.delivered(22, 'sound.example');
  expect(hanging()).toBe(12);
  // Each gets what comes free in its turn.
  world.sender.script = () => 200;
  for (const host of hosts) world.sender.answer(host, 200);
  for (const host of hosts) await world.delivered(18, host);
});

test('while nothing can be sent for a fault of ours, one attempt is made now and then, and all go on after it succeeds', async () => {
  await using world = await LoopWorld.create(inject('databaseUrl'), { maxInFlight: 4 });
  const hosts = Array.from({ length: 20 }, (_, n) => `r${n}.example`);
  await world.trust(hosts);
  world.sender.isCutOff = true;
  world.start();
  await world.store(hosts);
  // Ten have failed, and up to three more were under way then.
  await eventually(() => world.sender.together.length >= 14, { what: 'one is tried after the pause' });
  expect(world.sender.together.slice(13)).toEqual([1]);
  world.sender.isCutOff = false;
  await world.delivered(21);
});
