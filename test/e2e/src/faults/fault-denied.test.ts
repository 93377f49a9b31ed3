/**
 * Permissions that are missing, or are taken away and given back while runs arrive and execute (I11). Real: everything;
 * Kafka is this file's own, with ACLs. Decides: the probes, the events, the ledger and whether the processes live.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupNames } from '@runlane/contracts';
import { removeLocalData, startKafka } from '@runlane/local';
import type { LocalKafka } from '@runlane/local';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { allow, deny } from '../support/cluster.ts';
import type { AclTarget } from '../support/cluster.ts';
import { publishLoad } from './fault-load.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { probe, waitsFor } from './fault-probes.ts';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld, statusEvent } from '../webhooks/webhook-world.ts';
import { World } from '../support/world.ts';

const dataDir = join(tmpdir(), `runlane-denied-${randomUUID()}`);
let kafka: LocalKafka;
beforeAll(async () => {
  kafka = await startKafka({ dataDir, env: { ...process.env, KAFKA_BROKERS: '' } });
});
afterAll(async () => {
  await kafka.stop();
  removeLocalData(dataDir);
});

/** Every partition of the request topic gets bad records, wherever the good ones are. */
const REQUEST_PARTITIONS = 24;

const addresses = () => ({ brokers: kafka.brokers, databaseUrl: inject('databaseUrl') });

/** Fails when there is no alarm, or more than one a minute. */
function expectOneAlarmAMinute(service: ServiceProcess, sinceMs: number): void {
  const alarms = service.logs.filter(({ level, refused }) => level === 'error' && refused);
  expect(alarms.length).toBeGreaterThan(0);
  expect(alarms.length).toBeLessThanOrEqual(1 + (performance.now() - sinceMs) / 60_000);
}

async function endedCount(world: World): Promise<number> {
  return (await world.pool.query("select from runlane.runs where status = 'success'")).rowCount ?? 0;
}

/** A world whose run-consumer has published a run's events. */
async function workingWorld() {
  const world = await World.create(addresses());
  const events = await world.collectEvents();
  const service = world.runConsumer();
  await service.ready();
  const asked = await publishLoad(world, { runs: 2, threads: 2 });
  for (const { runId } of asked) await events.terminal(runId);
  return { world, events, service, asked };
}

test('without WRITE on the status topic runs go on, and their events follow in order once it is given back', async () => {
  const { world, events, service, asked } = await workingWorld();
  await using _world = world;
  const target: AclTarget = { kind: 'topic', name: world.topics.status, operation: 'WRITE' };

  const deniedAtMs = performance.now();
  await deny(kafka.brokers, target);
  asked.push(...(await publishLoad(world, { runs: 6, threads: 2 })));
  await eventually(async () => (await endedCount(world)) === asked.length, { what: 'admission and execution go on' });
  await waitsFor(service, 'kafka', /refuses publishing to .*runs\.status.*TOPIC_AUTHORIZATION_FAILED/);
  asked.push(...(await publishLoad(world, { runs: 2, threads: 2 })));
  await eventually(async () => (await endedCount(world)) === asked.length, { what: 'they still go on' });
  expectOneAlarmAMinute(service, deniedAtMs);
  await allow(kafka.brokers, target);

  const history = await readHistory(world, events, asked);
  expect(historyProblems(history, asked)).toEqual([]);
  await service.ready();
  expect(await service.stop()).toBe(0);
  expect(service.stderr).toBe('');
});

test.for([
  { of: 'the request topic', target: (world: World) => ({ kind: 'topic' as const, name: world.topics.requests }) },
  { of: 'the consumer group', target: (world: World) => ({ kind: 'group' as const, name: world.group }) },
])('without READ on $of admission waits, and goes on by itself once it is given back', async ({ target: targetIn }) => {
  const { world, events, service, asked } = await workingWorld();
  await using _world = world;
  const target: AclTarget = { ...targetIn(world), operation: 'READ' };

  const deniedAtMs = performance.now();
  await deny(kafka.brokers, target);
  await waitsFor(service, 'kafka', /refuses the consumer of .*authoriz/i);
  asked.push(...(await publishLoad(world, { runs: 2, threads: 2 })));
  await allow(kafka.brokers, target);

  const history = await readHistory(world, events, asked);
  expect(historyProblems(history, asked)).toEqual([]);
  await service.ready();
  expectOneAlarmAMinute(service, deniedAtMs);
});

test('without WRITE on the dead letter topic runs go on, and the dead letter follows once it is given back', async () => {
  const { world, events, service, asked } = await workingWorld();
  await using _world = world;
  const deadLetters = await world.readDeadLetters();
  const target: AclTarget = { kind: 'topic', name: world.topics.deadLetters, operation: 'WRITE' };

  await deny(kafka.brokers, target);
  await world.publish({ key: 'bad', value: Buffer.from('no JSON'), headers: {} });
  await waitsFor(service, 'kafka', /refuses publishing to .*dlq/);
  for (let round = 0; round < 2; round += 1) {
    asked.push(...(await publishLoad(world, { runs: 4, threads: 4 })));
    const bad = { key: 'bad', value: Buffer.from('no JSON'), headers: {} };
    await world.publish(...Array.from({ length: REQUEST_PARTITIONS }, (_, partition) => ({ ...bad, partition })));
    for (const { runId } of asked) expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded' });
  }
  await eventually(() => world.hasReadAllRequests(), { what: 'every request is admitted' });
  const badCount = 1 + 2 * REQUEST_PARTITIONS;
  expect([await world.waitingDeadLetterCount(), deadLetters.records]).toEqual([badCount, []]);
  const waiting = new RegExp(`runlane_dead_letters_waiting\\{[^}]*\\} ${badCount}\\n`);
  await eventually(async () => waiting.test(await (await fetch(`${await service.httpUrl()}/metrics`)).text()), {
    what: 'the metric tells how many wait',
  });
  await allow(kafka.brokers, target);

  await eventually(() => deadLetters.records.length >= badCount, { what: 'the dead letters are published' });
  await eventually(async () => (await world.waitingDeadLetterCount()) === 0, { what: 'none of them is waiting' });
  await service.ready();
  expect(await service.stop()).toBe(0);
});

test('without READ on the status topic the dispatcher waits, and delivers once it is given back', async () => {
  await using receiver = await WebhookReceiver.start();
  await using webhooks = await WebhookWorld.create(addresses());
  const dispatcher = await webhooks.started();
  await webhooks.publish(statusEvent({ webhook: receiver.url('/') }));
  await webhooks.ended(1);
  const target: AclTarget = { kind: 'topic', name: webhooks.world.topics.status, operation: 'READ' };

  await deny(kafka.brokers, target);
  await waitsFor(dispatcher, 'kafka', /refuses the consumer of .*runs\.status/);
  await webhooks.publish(statusEvent({ webhook: receiver.url('/') }));
  await allow(kafka.brokers, target);

  await webhooks.ended(2);
  await dispatcher.ready();
  expect((await probe(dispatcher, '/livez')).status).toBe(200);
});

test('a dispatcher that never had access ends with an error that says what to check', async () => {
  await using webhooks = await WebhookWorld.create(addresses());
  const group = groupNames(webhooks.world.prefix).webhookDispatcher;
  await deny(kafka.brokers, { kind: 'group', name: group, operation: 'READ' });
  const dispatcher = webhooks.dispatcher();

  expect(await dispatcher.exited).not.toBe(0);
  const fatal = dispatcher.logs.filter(({ level }) => level === 'error' || level === 'fatal');
  expect(JSON.stringify(fatal)).toMatch(/refuses the consumer of .*GROUP_AUTHORIZATION_FAILED.*Look at the ACLs/);
});
