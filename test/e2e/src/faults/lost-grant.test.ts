/**
 * I11: the database refuses what nobody but an operator can mend: the role of a process lacks a grant, at its first start or
 * later. It says so, is not ready, spends and loses nothing, and goes on by itself.
 * Real: Kafka, Postgres with a role of its own, the three services. Decides: the probes, the logs, the ends of the runs.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PAGE_DIRECTORY, buildPage } from '@runlane/console/page-bundle';
import { migrate } from '@runlane/postgres';
import { ServiceProcess, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld } from '../webhooks/webhook-world.ts';
import { waitsFor } from './fault-probes.ts';

const DELIVERIES = new URL('../../../../services/webhook-dispatcher/migrations/', import.meta.url);
const CONSOLE_ROLE = new URL('../../../../infra/kubernetes/components/console/console-role.sql', import.meta.url);
const CONSOLE = new URL('../../../../services/console/src/main.ts', import.meta.url);

const resources = new AsyncDisposableStack();
const role = `service_${randomUUID().replaceAll('-', '')}`;
/** Of the console, which only reads. */
const reader = role.replace('service', 'console');
let webhooks: WebhookWorld;
let world: World;
let receiver: WebhookReceiver;
let consumer: ServiceProcess;
let dispatcher: ServiceProcess;
let console: ServiceProcess;

beforeAll(async () => {
  const built = buildPage(PAGE_DIRECTORY);
  built.catch(() => undefined); // awaited below
  const options = { brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') };
  receiver = resources.use(await WebhookReceiver.start());
  webhooks = resources.use(await WebhookWorld.create(options));
  ({ world } = webhooks);
  const database = new URL(world.databaseUrl);
  await migrate({ databaseUrl: world.databaseUrl, directory: DELIVERIES, schema: 'webhooks', logger: silentLogger });
  await world.pool.query(`create role ${role} login password 'secret'; create role ${reader} login password 'secret'`);
  // The tables are there and up to date, and all that the role may read is that.
  await world.pool.query(`grant usage on schema runlane, webhooks to ${role}`);
  await world.pool.query(
    `grant select on runlane.migrations, webhooks.migrations, runlane.langgraph_tables to ${role}`,
  );
  database.username = role;
  database.password = 'secret';
  const DATABASE_URL = database.href;
  consumer = world.runConsumer({ DATABASE_URL, RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' });
  dispatcher = webhooks.dispatcher({ DATABASE_URL });
  await built;
  database.username = reader;
  console = resources.use(
    new ServiceProcess(CONSOLE, {
      KAFKA_BROKERS: options.brokers.join(','),
      DATABASE_URL: database.href,
      RUNLANE_TOPIC_PREFIX: world.prefix,
    }),
  );
});
afterAll(() => resources.disposeAsync());

/** To the services everything, and to the console what infra/kubernetes gives its role. */
async function grantAll(): Promise<void> {
  await world.pool.query(`grant usage on schema runlane, webhooks to ${role}`);
  await world.pool.query(`grant all on all tables in schema runlane, webhooks, public to ${role}`);
  await world.pool.query(readFileSync(CONSOLE_ROLE, 'utf8').replaceAll('runlane_console', reader));
}

const TOLD = new RegExp(
  `^Postgres refuses this process: .*role "(${role}|${reader})" of DATABASE_URL lacks .* on .*: grant it`,
);

test('at the very first start each says what is lacking, and goes on when it is granted', async () => {
  for (const service of [consumer, dispatcher, console]) {
    await waitsFor(service, 'database', TOLD);
    const told = service.logs.filter(({ msg }) => msg?.startsWith('database.refused'));
    expect(told.map(({ level }) => level)).toEqual(['error']);
  }
  await grantAll();
  await Promise.all([consumer, dispatcher, console].map((service) => service.ready()));
  const events = await world.collectEvents();
  const runId = randomUUID();
  await world.publish(runCreate('thread', { run_id: runId, webhook: receiver.url('/') }));
  expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded' });
  await webhooks.ended(1);
});

test.each([
  ['a table of admission', 'insert on runlane.runs', / INSERT on runlane\.runs/],
  ['a table of the graphs', 'insert on public.checkpoints', / INSERT on public\.checkpoints/],
  ['a schema', 'usage on schema runlane', / USAGE on schema runlane/],
])('while it runs: %s', async (_what, grant, named) => {
  const events = await world.collectEvents();
  const deadLetters = await world.readDeadLetters();
  await world.pool.query(`revoke ${grant} from ${role}`);
  const runIds = Array.from({ length: 12 }, () => randomUUID());
  await world.publish(...runIds.map((run_id, index) => runCreate(`thread-${index % 4}`, { run_id })));
  await waitsFor(consumer, 'database', TOLD);
  await waitsFor(consumer, 'database', named);
  await world.pool.query(`grant ${grant} to ${role}`);
  for (const runId of runIds) {
    expect(await events.terminal(runId, 90_000)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  }
  expect(deadLetters.records).toEqual([]);
  await consumer.ready();
});

test('while it runs: a table of deliveries, and then the right to connect', async () => {
  const all = [consumer, dispatcher, console];
  await world.pool.query(`revoke insert on webhooks.deliveries from ${role}`);
  await world.publish(runCreate('thread', { webhook: receiver.url('/') }));
  await waitsFor(dispatcher, 'database', /permission denied.* INSERT on webhooks\.deliveries/);
  await world.pool.query(`grant insert on webhooks.deliveries to ${role}`);
  for (const { state } of await webhooks.ended(2)) expect(state).toBe('delivered');
  await dispatcher.ready();

  const name = new URL(world.databaseUrl).pathname.slice(1);
  const events = await world.collectEvents();
  await world.pool.query(`revoke connect on database "${name}" from public`);
  await world.pool.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = any ($1)', [
    [role, reader],
  ]);
  const runId = randomUUID();
  await world.publish(runCreate('thread', { run_id: runId }));
  const told = /^Postgres refuses .*permission denied for database.*DATABASE_URL/;
  for (const service of all) await waitsFor(service, 'database', told);
  await world.pool.query(`grant connect on database "${name}" to public`);
  expect(await events.terminal(runId, 90_000)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  await Promise.all(all.map((service) => service.ready()));
  for (const service of all) await service.stopCleanly();
});
