/**
 * I11: the database refuses statements for a reason that no record causes: the role of the service has lost a grant.
 * Real: Kafka, Postgres with a role of its own, the process. Decides: dead letters, readiness, and the ends of the
 * runs.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

test('a lost grant makes no dead letters: the topic waits, and goes on when the grant is given back', async () => {
  await using world = await World.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    isPrepared: false,
  });
  const events = await world.collectEvents();
  const deadLetters = await world.readDeadLetters();
  const role = `service_${randomUUID().replaceAll('-', '')}`;
  const database = new URL(world.databaseUrl);
  const name = database.pathname.slice(1);
  await world.pool.query(`create role ${role} login password 'secret'`);
  await world.pool.query(`grant all on database "${name}" to ${role}`);
  await world.pool.query(`grant all on schema public to ${role}`);
  database.username = role;
  database.password = 'secret';
  const service = world.runConsumer({ DATABASE_URL: database.href });
  const first = randomUUID();
  await world.publish(runCreate('thread-0', { run_id: first }));
  await events.terminal(first);

  await world.pool.query(`revoke insert on runlane.runs from ${role}`);
  const runIds = Array.from({ length: 100 }, () => randomUUID());
  await world.publish(...runIds.map((run_id, index) => runCreate(`thread-${index % 10}`, { run_id })));
  const isStopped = () => service.logs.some(({ msg }) => msg === 'admission.stopped');
  await eventually(isStopped, { what: 'the service says that it stands still' });
  const ready = await fetch(`${await service.httpUrl()}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain('permission denied');
  expect((await fetch(`${await service.httpUrl()}/livez`)).status).toBe(200);
  const stoppedPartitions = async () => {
    const metrics = await (await fetch(`${await service.httpUrl()}/metrics`)).text();
    return Number(/^runlane_stopped_partitions\S* (\d+)$/m.exec(metrics)?.[1]);
  };
  expect(await stoppedPartitions()).toBeGreaterThan(0);

  await world.pool.query(`grant insert on runlane.runs to ${role}`);
  for (const runId of runIds) expect((await events.terminal(runId, 90_000)).type).toBe('run.succeeded');
  expect(deadLetters.records).toEqual([]);
  await eventually(async () => (await stoppedPartitions()) === 0, { what: 'no partition stands still any more' });
  await service.stopCleanly();
});
