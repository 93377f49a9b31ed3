/**
 * Dispatchers that die, freeze, stop and share their work.
 *
 * Real     Kafka, Postgres, dispatchers as processes, receivers on the loopback. A process is held at a step by a trigger.
 * Doubled  run-consumer: the test publishes its events.
 * Decides  What receivers got, and under which ids; the rows of the ledger; the records of the topic.
 */
import type { ServerResponse } from 'node:http';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Hold } from '../faults/fault-hold.ts';
import { waitsFor } from '../faults/fault-probes.ts';
import { OwnServers } from '../faults/fault-servers.ts';
import { WebhookReceiver } from './webhook-receiver.ts';
import { WebhookWorld, statusEvent } from './webhook-world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

const received = (receiver: WebhookReceiver, count: number) =>
  eventually(() => receiver.requests.length >= count, {
    what: `the receiver has ${count} requests`,
    seen: () => receiver.requests.length,
  });

test('a dispatcher that is killed between the commits of the ledger and of the offset makes one delivery', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  // One that has prepared the database and left the group, so that the next reads immediately.
  await (await world.started()).stopCleanly();
  const first = await world.started();
  await using hold = await Hold.at(world.world, { at: 'commit', after: 'insert', of: 'webhooks.deliveries' });
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  await hold.reached();
  first.signal('SIGSTOP');
  await hold.release();
  await eventually(async () => (await world.deliveries()).length === 1, { what: 'the held transaction has committed' });
  await first.kill();

  const second = await world.started();
  const after = statusEvent({ webhook: receiver.url('/') });
  await world.publish(after);
  const rows = await world.ended(2);

  expect(rows).toHaveLength(2);
  expect(receiver.requests).toHaveLength(2);
  await eventually(async () => (await world.accountProblems()).length === 0, {
    what: 'every record is accounted for',
    seen: () => world.complaints(),
  });
  await second.stopCleanly();
});

test('a dispatcher that is killed between the answer and its record sends again under the same id', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  const first = await world.started();
  await using hold = await Hold.at(world.world, { at: 'statement', of: 'insert', on: 'webhooks.attempts' });
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  await received(receiver, 1);
  await hold.reached();
  await first.kill();
  await hold.rollBack();

  const other = await world.started();
  const rows = await world.ended(1);

  expect(rows).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  expect(receiver.requests).toHaveLength(2);
  expect(new Set(receiver.ids()).size).toBe(1);
  expect(receiver.requests[1]?.body).toBe(receiver.requests[0]?.body);
  await other.stopCleanly();
});

test('a dispatcher that was frozen past its lease overwrites nothing', async () => {
  const unanswered: ServerResponse[] = [];
  await using receiver = await WebhookReceiver.start((response, _request, index) => {
    if (index === 0) unanswered.push(response);
    else response.writeHead(200).end();
  });
  await using world = await WebhookWorld.create(servers());
  const frozen = await world.started({ RUNLANE_WEBHOOK_LEASE_SECONDS: '2', RUNLANE_WEBHOOK_RETRY_SCHEDULE: '600' });
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  await received(receiver, 1);
  frozen.signal('SIGSTOP');
  unanswered[0]?.writeHead(410).end();

  const other = await world.started({ RUNLANE_WEBHOOK_LEASE_SECONDS: '2' });
  const [delivered] = await world.ended(1);
  expect(delivered).toMatchObject({ state: 'delivered', attempts: 1, sends: 1 });
  frozen.signal('SIGCONT');
  await eventually(() => frozen.logged('webhook.attempted').length === 1, {
    what: 'the frozen one has its answer',
    seen: () => frozen.logs.slice(-5),
  });

  expect(frozen.logged('webhook.attempted')[0]).toMatchObject({ result: 'lost' });
  expect(await world.deliveries()).toEqual([delivered]);
  expect(new Set(receiver.ids()).size).toBe(1);
  expect(receiver.requests).toHaveLength(2);
  await other.stopCleanly();
});

test('two dispatchers share the origins, and each webhook arrives once', async () => {
  await using world = await WebhookWorld.create(servers());
  await using stack = new AsyncDisposableStack();
  const hosts = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
  const receivers: WebhookReceiver[] = [];
  for (const host of hosts) receivers.push(stack.use(await WebhookReceiver.start(slowly, host)));
  const settings = {
    RUNLANE_WEBHOOK_ALLOW: hosts.map((host) => `http://${host}:*`).join(','),
    // Narrow enough that one alone cannot hold all origins at once.
    RUNLANE_WEBHOOK_MAX_IN_FLIGHT: '4',
  };
  const dispatchers = [await world.started(settings), await world.started(settings)];
  const events = Array.from({ length: 400 }, (_, index) =>
    statusEvent({ webhook: receivers[index % receivers.length]?.url('/') ?? null }),
  );
  await world.publish(...events);

  const rows = await world.ended(events.length);

  expect(rows.every(({ state }) => state === 'delivered')).toBe(true);
  const ids = receivers.flatMap((receiver) => receiver.ids());
  expect(ids).toHaveLength(events.length);
  expect(new Set(ids).size).toBe(events.length);
  for (const dispatcher of dispatchers) expect(dispatcher.logged('webhook.attempted').length).toBeGreaterThan(0);
  expect(await world.accountProblems()).toEqual([]);
});

/** So that all of them take longer than the other dispatcher needs to notice that something is due. */
function slowly(response: ServerResponse): void {
  setTimeout(() => response.writeHead(200).end(), 25);
}

test('after SIGTERM a request may end within the grace, its answer counts, and no other begins', async () => {
  const unanswered: ServerResponse[] = [];
  await using receiver = await WebhookReceiver.start((response, _request, index) => {
    if (index === 0) unanswered.push(response);
    else response.writeHead(200).end();
  });
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started();
  const events = Array.from({ length: 3 }, () => statusEvent({ webhook: receiver.url('/') }));
  await world.publish(...events);
  await received(receiver, 1);
  await eventually(async () => (await world.deliveries()).length === 3, { what: 'all of them are in the ledger' });
  dispatcher.signal('SIGTERM');
  await waitsFor(dispatcher, 'consumer', /stopped/);
  unanswered[0]?.writeHead(200).end();
  expect(await dispatcher.exited).toBe(0);

  const states = (await world.deliveries()).map(({ state }) => state);
  expect(states.toSorted()).toEqual(['delivered', 'due', 'due']);
  expect(receiver.requests).toHaveLength(1);
  const { rows } = await world.world.pool.query(`select from webhooks.endpoints where owner is not null`);
  expect(rows).toHaveLength(0);
  const next = await world.started();
  await world.ended(3);
  expect(new Set(receiver.ids()).size).toBe(3);
  expect(receiver.requests).toHaveLength(3);
  await next.stopCleanly();
});

test('after the grace a request that hangs is given up without spending an attempt', async () => {
  await using receiver = await WebhookReceiver.start(() => undefined);
  await using world = await WebhookWorld.create(servers());
  const dispatcher = await world.started({ RUNLANE_DRAIN_GRACE_SECONDS: '0' });
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  await received(receiver, 1);

  await dispatcher.stopCleanly();

  expect(await world.deliveries()).toMatchObject([{ state: 'due', attempts: 0, sends: 1 }]);
});

test('an outage of Postgres during a delivery loses and repeats nothing', async () => {
  await using own = await OwnServers.create();
  await own.start('postgres');
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create({ ...servers(), databaseUrl: own.postgres.url });
  const dispatcher = await world.started();
  const load = () => Array.from({ length: 300 }, () => statusEvent({ webhook: receiver.url('/') }));
  await world.publish(...load());
  await received(receiver, 50);
  await own.kill('postgres');
  await world.publish(...load());
  await eventually(() => dispatcher.logged('settle.waits_for_database').length > 0, {
    what: 'results wait for the database',
    seen: () => world.complaints(),
  });
  const sentBefore = receiver.requests.length;
  await own.start('postgres');

  const rows = await world.ended(600);

  expect(rows).toHaveLength(600);
  expect(rows.every(({ state, attempts }) => state === 'delivered' && attempts === 1)).toBe(true);
  expect(new Set(receiver.ids()).size).toBe(600);
  // Only what was under way or not committed when the database went can have been sent twice: 16 of an origin.
  expect(receiver.requests.length).toBeLessThanOrEqual(616);
  expect(receiver.requests.length).toBeGreaterThan(sentBefore);
  expect(await world.accountProblems()).toEqual([]);
  await eventually(async () => (await world.metric(dispatcher, 'runlane_webhook_ledger_gap')) === 0, {
    what: 'the gauge of the gap is 0',
  });
  await dispatcher.stopCleanly();
});
