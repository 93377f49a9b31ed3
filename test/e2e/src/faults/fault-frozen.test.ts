/**
 * A process that stops for longer than its lease and wakes up again. Real: everything; processes are frozen by SIGSTOP.
 * Decides: another process ends the run, and the one that woke up changes nothing, in the ledger or in the checkpoints (I3).
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import { Gate, gateRun } from './fault-load.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { World } from '../support/world.ts';

const WITHOUT_ADMISSION = { RUNLANE_ROLES: 'execution,relay,sweeping' };

const logged = (service: ServiceProcess, message: string, what: string) =>
  eventually(() => service.logged(message)[0], { what, seen: () => service.logs.slice(-5) });

const atLeast = (least: number) => expect.toSatisfy((value) => Number(value) >= least, `at least ${least}`);

const pidsOf = (world: World, runId: string) =>
  new Set(world.sideEffects().flatMap((effect) => (effect.run_id === runId ? [effect.pid] : [])));

test.concurrent('a process that wakes up while its graph executes writes nothing, because another has ended the run', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const { run, runner, other } = await executeRun(world, gate);

  runner.signal('SIGSTOP');
  await eventually(() => pidsOf(world, run.runId).has(other.pid), { what: 'the run executes elsewhere' });
  gate.open();
  const history = await readHistory(world, events, [run]);
  const checkpoints = await checkpointRows(world);
  runner.signal('SIGCONT');
  await logged(runner, 'lease.lost', 'the process that woke up notices that its lease is lost');
  await logged(runner, 'run.attempted', 'its attempt ends');
  const historyAfter = await readHistory(world, events, [run]);

  expect(historyProblems(historyAfter, [run])).toEqual([]);
  expect(historyAfter.distinct.map(({ event_id }) => event_id)).toEqual(
    history.distinct.map(({ event_id }) => event_id),
  );
  // More often than once, where the machine stands still for longer than a lease.
  expect(historyAfter.distinct.at(-1)).toMatchObject({ type: 'run.succeeded', attempt: atLeast(2) });
  expect(checkpoints.length).toBeGreaterThan(0);
  expect(await checkpointRows(world)).toEqual(checkpoints);
  expect(await runner.stop()).toBe(0);
});

test.concurrent('a settlement that was under way when its process froze is refused, because another process owns the run', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  // The settlement goes on waiting, however long the other process takes.
  const { run, runner, other } = await executeRun(world, gate, {
    DATABASE_URL: `${world.databaseUrl}?statement_timeout=300000`,
  });
  // A settlement waits for the row of its thread before it looks at its token.
  await using hold = await Hold.atThread(world, run.threadId);
  gate.open();
  await hold.reached();

  runner.signal('SIGSTOP');
  await logged(other, 'run.rescued', 'the run is rescued');
  await hold.reached(2);
  runner.signal('SIGCONT');
  await logged(runner, 'lease.lost', 'the process that woke up notices that its lease is lost');
  await hold.release();
  const history = await readHistory(world, events, [run]);

  await logged(runner, 'run.lost', 'the settlement of the process that woke up is refused');
  expect(historyProblems(history, [run])).toEqual([]);
  expect(history.distinct.at(-1)).toMatchObject({ type: 'run.succeeded', attempt: atLeast(2) });
});

test.concurrent('a process that wakes up begins no superstep, because its lease has ended', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const runner = world.runConsumer();
  await runner.ready();
  // Several, so that some are quicker with their next superstep than the process is with its lease.
  const runs = Array.from({ length: 8 }, (_, index) => ({ runId: randomUUID(), threadId: `thread-${index}` }));
  await world.publish(...runs.map((run) => gateRun(run, { gate: gate.path })));
  await eventually(() => runs.every(({ runId }) => pidsOf(world, runId).has(runner.pid)), {
    what: 'all graphs execute',
  });
  const other = world.runConsumer(WITHOUT_ADMISSION);
  await other.ready();

  runner.signal('SIGSTOP');
  await eventually(() => runs.every(({ runId }) => pidsOf(world, runId).has(other.pid)), {
    what: 'another has taken all',
  });
  gate.open();
  const history = await readHistory(world, events, runs);
  const before = world.sideEffects().length;
  runner.signal('SIGCONT');
  await logged(runner, 'lease.lost', 'the process that woke up notices that its lease is lost');
  await eventually(() => runner.logged('run.attempted').length === runs.length, { what: 'its attempts have ended' });

  expect(historyProblems(history, runs)).toEqual([]);
  const begun = world.sideEffects().slice(before);
  expect(begun.filter(({ at }) => at === 'start')).toEqual([]);
});

/** Everything in LangGraph's tables, each row as JSON. */
async function checkpointRows(world: World): Promise<string[]> {
  const { rows } = await world.pool.query<{ row: string }>(
    `select to_jsonb(checkpoints)::text as row from checkpoints
     union all select to_jsonb(checkpoint_blobs)::text from checkpoint_blobs
     union all select to_jsonb(checkpoint_writes)::text from checkpoint_writes
     order by row`,
  );
  return rows.map(({ row }) => row);
}

/** A run whose graph executes in `runner` and waits for the gate, while `other` stands by to take over. */
async function executeRun(world: World, gate: Gate, environment: Record<string, string> = {}) {
  const runner = world.runConsumer(environment);
  await runner.ready();
  const run = { runId: randomUUID(), threadId: 'thread' };
  await world.publish(gateRun(run, { gate: gate.path }));
  await eventually(() => pidsOf(world, run.runId).has(runner.pid), { what: 'the graph executes' });
  const other = world.runConsumer({ ...environment, ...WITHOUT_ADMISSION });
  await other.ready();
  return { run, runner, other };
}
