/**
 * The delivery loop: how much is under way where, whose turn it is, when it looks, and what it leaves behind.
 *
 * Real     The loop, its settlements, the ledger in Postgres.
 * Doubled  Kafka, and the sender: the test sees each request and answers it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Wakeup, createLogger } from '@runlane/service-kit';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { LedgerWorld, targeted } from '../adapters/postgres/ledger-world.fixture.ts';
import { WebhookDelivery } from '../app/deliver-webhooks.ts';
import type { AttemptResult, WebhookRequest, WebhookSender } from '../app/ports.ts';
import { SettleQueue } from '../app/settle-attempts.ts';
import { answered } from '../domain/outcomes.fixture.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

/** Longer than any test: what is seen earlier was not found by looking now and then. */
const NEVER_MS = 3_600_000;

type UnderWay = { host: string; answer: (status: number) => void };

class ScriptedSender implements WebhookSender {
  /** Hosts in the order in which they were sent to. */
  readonly sent: string[] = [];
  readonly underWay = new Set<UnderWay>();
  /** Most requests that were under way at once, by host; and to all of them. */
  readonly most = new Map<string, number>();
  mostInAll = 0;
  /** Status with which a host answers at once; null: when the test says so. */
  script: (host: string) => number | null = () => 200;

  send({ url }: WebhookRequest, signal: AbortSignal): Promise<AttemptResult> {
    const { promise, resolve } = Promise.withResolvers<AttemptResult>();
    const { host } = new URL(url);
    const about = { timings: { totalMs: 1, dnsMs: null, connectMs: null, firstByteMs: 1 }, address: '192.0.2.1' };
    const end = (result: AttemptResult): void => {
      this.underWay.delete(request);
      resolve(result);
    };
    const request: UnderWay = {
      host,
      answer: (status) =>
        end({
          ...about,
          kind: 'response',
          status,
          retryAfterSeconds: null,
          instruction: null,
          bodyBytes: 0,
          bodyExcerpt: null,
        }),
    };
    this.sent.push(host);
    this.underWay.add(request);
    this.most.set(host, Math.max(this.most.get(host) ?? 0, this.countOf(host)));
    this.mostInAll = Math.max(this.mostInAll, this.underWay.size);
    signal.addEventListener('abort', () => end({ ...about, kind: 'infrastructure', message: 'Aborted.' }));
    const status = this.script(host);
    if (status !== null) setImmediate(() => request.answer(status));
    return promise;
  }

  countOf(host: string): number {
    return [...this.underWay].filter((request) => request.host === host).length;
  }

  /** Answers everything that is under way to the host. */
  answer(host: string, status: number): void {
    for (const request of this.underWay) if (request.host === host) request.answer(status);
  }

  async close(): Promise<void> {
    for (const request of this.underWay) request.answer(500);
  }
}

class LoopWorld implements AsyncDisposable {
  readonly sender = new ScriptedSender();
  readonly ledger: LedgerWorld;
  readonly delivery: WebhookDelivery;
  /** While it is not resolved, no result is committed. */
  commits: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  private constructor(ledger: LedgerWorld, settings: { maxInFlight: number; pollMs: number }) {
    this.ledger = ledger;
    this.delivery = new WebhookDelivery({
      ledger: ledger.deliveries,
      settle: new SettleQueue({
        ledger: {
          settle: async (settlements) => {
            await this.commits;
            return ledger.deliveries.settle(settlements);
          },
        },
        delay: (ms) => sleep(ms),
        random: Math.random,
        logger,
      }),
      sender: this.sender,
      headers: () => ({}),
      owner: randomUUID(),
      due: new Wakeup(),
      now: () => new Date(),
      monotonicMs: () => performance.now(),
      random: Math.random,
      delay: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
      onAttempt: () => undefined,
      onDisabled: () => undefined,
      logger,
      settings: { ...settings, leaseMs: 60_000, retrySchedule: [600] },
    });
  }

  static async create({ maxInFlight = 64, pollMs = 50 } = {}): Promise<LoopWorld> {
    return new LoopWorld(await LedgerWorld.create(inject('databaseUrl')), { maxInFlight, pollMs });
  }

  start(): void {
    this.#loop = this.delivery.deliverUntil(this.#stop.signal);
  }

  /** Stores events for the hosts and tells the loop, as intake does. */
  async store(hosts: readonly string[], site?: string): Promise<void> {
    await this.ledger.takeIn(hosts.map((host) => targeted({ host, site: site ?? host })));
    this.delivery.lookAgain();
  }

  /** Hosts that have answered 2xx before. */
  async trust(hosts: readonly string[], site?: string): Promise<void> {
    await this.ledger.takeIn(hosts.map((host) => targeted({ host, site: site ?? host })));
    for (const endpoint of await this.ledger.lease(randomUUID())) {
      for (const delivery of await this.ledger.due(endpoint))
        await this.ledger.settle(endpoint, delivery, answered(200));
      await this.ledger.release(endpoint);
    }
  }

  /** Resolves when so many deliveries are delivered. */
  async delivered(count: number, host = '%'): Promise<void> {
    let seen = 0;
    await eventually(
      async () => {
        const { rows } = await this.ledger.pool.query<{ count: number }>(
          `select count(*)::integer as count from webhooks.deliveries where state = 'delivered' and url like $1`,
          [`https://${host}/%`],
        );
        seen = rows[0]?.count ?? 0;
        return seen >= count;
      },
      { what: `${count} deliveries are delivered`, seen: () => [seen, this.sender.sent.length] },
    );
  }

  /** Resolves when the loop has served another origin several times over, with what was free for it. */
  async rounds(): Promise<void> {
    const host = `bystander-${randomUUID()}.example`;
    for (let round = 1; round <= 3; round += 1) {
      await this.store([host]);
      await this.delivered(round, host);
    }
  }

  async drain(graceMs: number): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.delivery.drain(graceMs);
  }

  async leases(): Promise<{ origin: string; isOwned: boolean; isDue: boolean }[]> {
    const { rows } = await this.ledger.pool.query<{ origin: string; isOwned: boolean; isDue: boolean }>(
      `select origin, owner is not null as "isOwned", coalesce(next_due_at <= now(), false) as "isDue"
       from webhooks.endpoints order by origin`,
    );
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sender.close();
    await this.drain(0);
    await this.ledger[Symbol.asyncDispose]();
  }
}

const repeated = (host: string, count: number): string[] => Array.from({ length: count }, () => host);

test('an origin gets one request before its first 2xx, and four at once from then on', async () => {
  await using world = await LoopWorld.create();
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
  await using world = await LoopWorld.create();
  world.sender.script = (host) => (host === 'refusing.example' ? 500 : 200);
  world.start();
  await world.store(repeated('refusing.example', 20));
  await eventually(() => world.sender.sent.length === 5, { what: 'five requests', seen: () => world.sender.sent });
  await world.rounds();

  expect(world.sender.sent.filter((host) => host === 'refusing.example')).toHaveLength(5);
  expect(world.sender.most.get('refusing.example')).toBe(1);
});

test('the origins of a site share eight, and all sites together what the process has', async () => {
  await using world = await LoopWorld.create({ maxInFlight: 14 });
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
  await eventually(() => sender.underWay.size === 14, { what: 'all slots taken again' });
  expect(underWay(crowd)).toBe(8);
  expect(sender.mostInAll).toBe(14);
});

test('results that wait for their commit hold no slots, are few, and keep the lease', async () => {
  await using world = await LoopWorld.create();
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

test('an origin with a long queue takes its turns with one that waits', async () => {
  await using world = await LoopWorld.create({ maxInFlight: 1 });
  await world.trust(['long.example']);
  await world.ledger.takeIn(repeated('long.example', 500).map((host) => targeted({ host })));
  await world.ledger.takeIn([targeted({ host: 'short.example' })]);
  world.start();
  await world.delivered(1, 'short.example');

  const turn = world.sender.sent.indexOf('short.example');
  expect(turn).toBeGreaterThan(0);
  expect(turn).toBeLessThan(260);
});

test('what is stored is sent at once, and slots that come free are filled, without looking now and then', async () => {
  await using world = await LoopWorld.create({ pollMs: NEVER_MS });
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
  await using world = await LoopWorld.create();
  world.start();
  for (let round = 1; round <= 2; round += 1) {
    await world.store(['quiet.example']);
    await world.delivered(round);
    await eventually(async () => (await world.leases()).every(({ isOwned }) => !isOwned), {
      what: 'the lease is given back',
      deadlineMs: 10_000,
    });
    expect(world.delivery.heldCount).toBe(0);
  }
});

test('a drain waits for answers within the grace, aborts the others unspent, and gives every lease back at once', async () => {
  await using world = await LoopWorld.create();
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
