/**
 * A database that a newer version migrates under processes of this one.
 * Real: Kafka, Postgres, the services as processes; the newer version is a copy of the service with more migrations.
 * Decides: the status topic, the receiver of webhooks, and what the processes answer and say.
 */
import { randomUUID } from 'node:crypto';
import { migrate } from '@runlane/postgres';
import { eventually, silentLogger } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun, publishLoad } from '../faults/fault-load.ts';
import { historyProblems, overlapProblems, readHistory } from '../faults/fault-oracle.ts';
import { NewerVersion } from '../support/newer-version.ts';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld, statusEvent } from '../webhooks/webhook-world.ts';
import { World } from '../support/world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

const upgrade = (databaseUrl: string, newer: NewerVersion, schema: string) =>
  migrate({ databaseUrl, directory: newer.migrations, schema, logger: silentLogger });

async function stoodStill(service: ServiceProcess): Promise<void> {
  const hasEnded = () => service.logged('schema.work_ended')[0];
  await eventually(hasEnded, { what: 'the old process has stopped its work', seen: () => service.logs.slice(-5) });
  const url = await service.httpUrl();
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('replace it by the newer version');
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^runlane_schema_outdated\{[^}]*\} 1$/m);
  expect(service.logged('schema.outdated')).toHaveLength(1);
}

test.concurrent('an old run-consumer goes on after a compatible migration, stops at an incompatible one, and a newer one takes over', async () => {
  await using world = await World.create(servers());
  using newer = new NewerVersion('run-consumer');
  using gate = new Gate();
  const events = await world.collectEvents();
  const old = world.runConsumer({ RUNLANE_DRAIN_GRACE_SECONDS: '2' });
  await old.ready();
  newer.addMigration('9000_add_mark', 'alter table runs add column mark text;');
  await upgrade(world.databaseUrl, newer, 'runlane');
  const asked = await publishLoad(world, { runs: 20, threads: 10 });
  await Promise.all(asked.map(({ runId }) => events.terminal(runId)));

  // Under load, and with a run in hand that does not end in its grace.
  const held = { runId: randomUUID(), threadId: 'held' };
  await world.publish(gateRun(held, { gate: gate.path }));
  await eventually(() => world.nodesExecuted('held').length === 1, { what: 'the held run executes' });
  asked.push(held, ...(await publishLoad(world, { runs: 60, threads: 20, ms: 40 })));
  newer.addMigration('9001_drop_mark_needs_9001', 'alter table runs drop column mark;');
  await upgrade(world.databaseUrl, newer, 'runlane');
  await stoodStill(old);
  const { rows: running } = await world.pool.query(`select from runlane.runs where status = 'running'`);
  expect(running).toEqual([]);
  const late = await publishLoad(world, { runs: 10, threads: 5 });
  asked.push(...late);

  const next = world.runConsumer({}, [], newer.entry);
  await next.ready();
  gate.open();
  const history = await readHistory(world, events, asked);
  expect(historyProblems(history, asked)).toEqual([]);
  expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
  expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
  expect(old.isRunning).toBe(true);
  await old.stopCleanly();
  await next.stopCleanly();
});

test.concurrent('a run-consumer that starts on a database of a newer version waits, and works after the database is put back', async () => {
  await using world = await World.create(servers());
  using newer = new NewerVersion('run-consumer');
  newer.addMigration('9001_add_mark_needs_9001', 'alter table runs add column mark text;');
  await upgrade(world.databaseUrl, newer, 'runlane');
  const old = world.runConsumer();
  await eventually(() => old.logged('schema.outdated').length === 1, { what: 'it says why it waits' });
  const url = await old.httpUrl();
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  await world.pool.query(`delete from runlane.migrations where name like '9001%'`);
  await old.ready();
  await old.stopCleanly();
});

test.concurrent('an old webhook-dispatcher stops in the same way, and a newer one delivers the rest', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  using newer = new NewerVersion('webhook-dispatcher');
  const old = await world.started();
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  await world.ended(1);
  newer.addMigration('9001_add_mark_needs_9001', 'alter table deliveries add column mark text;');
  await upgrade(world.world.databaseUrl, newer, 'webhooks');
  await stoodStill(old);
  await world.publish(...Array.from({ length: 5 }, () => statusEvent({ webhook: receiver.url('/') })));

  const next = world.dispatcher({}, newer.entry);
  await next.ready();
  await world.ended(6);
  expect(receiver.requests).toHaveLength(6);
  expect(new Set(receiver.ids()).size).toBe(6);
  expect(old.isRunning).toBe(true);
  await old.stopCleanly();
  await next.stopCleanly();
});
