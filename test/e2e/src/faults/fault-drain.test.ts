/**
 * I12: what SIGTERM does to runs that execute. Real: everything. Decides: exit code, time, events and steps executed.
 */
import { randomUUID } from 'node:crypto';
import { eventually, patiently } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun } from './fault-load.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { World } from '../support/world.ts';

/** What a process may take to stop besides its grace, in milliseconds: leaving the group, the last flush, closing. */
const STOP_RESERVE_MS = patiently(5_000);

const startsOf = (world: World, node: string) =>
  world.sideEffects().filter((effect) => effect.node === node && effect.at === 'start');

test.concurrent('a run that outlasts the grace is handed back without spending its attempt', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const first = world.runConsumer({ RUNLANE_DRAIN_GRACE_SECONDS: '1' });
  await first.ready();
  const run = { runId: randomUUID(), threadId: 'thread' };
  await world.publish(gateRun(run, { gate: gate.path }));
  await eventually(() => startsOf(world, 'first').length === 1, { what: 'the run executes' });

  const stoppedAtMs = performance.now();
  expect(await first.stop()).toBe(0);
  const tookMs = performance.now() - stoppedAtMs;
  const { rows } = await world.pool.query('select status, attempt, ready_at is not null as is_ready from runlane.runs');
  gate.open();
  world.runConsumer({ RUNLANE_ROLES: 'execution,relay,sweeping' });
  const history = await readHistory(world, events, [run]);

  expect(tookMs).toBeGreaterThanOrEqual(1_000);
  expect(tookMs).toBeLessThan(1_000 + STOP_RESERVE_MS);
  expect(rows).toEqual([{ status: 'pending', attempt: 0, is_ready: true }]);
  expect(historyProblems(history, [run])).toEqual([]);
  expect(history.distinct.map(({ type, attempt }) => [type, attempt])).toEqual([
    ['run.pending', 0],
    ['run.running', 1],
    ['run.running', 1],
    ['run.succeeded', 1],
  ]);
});

test.concurrent('a step that ends within the grace is not executed again', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const first = world.runConsumer({ RUNLANE_DRAIN_GRACE_SECONDS: '30' });
  await first.ready();
  const run = { runId: randomUUID(), threadId: 'thread' };
  await world.publish(gateRun(run, { gate: gate.path }));
  await eventually(() => startsOf(world, 'first').length === 1, { what: 'the run executes' });

  first.signal('SIGTERM');
  await eventually(() => first.logged('service.stop_requested')[0], { what: 'the process is stopping' });
  gate.open();
  expect(await first.exited).toBe(0);
  world.runConsumer({ RUNLANE_ROLES: 'execution,relay,sweeping' });
  const history = await readHistory(world, events, [run]);

  expect(historyProblems(history, [run])).toEqual([]);
  expect(history.distinct.at(-1)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
  expect(startsOf(world, 'first')).toHaveLength(1);
  expect(startsOf(world, 'second')).toHaveLength(1);
});
