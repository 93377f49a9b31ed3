/**
 * Real: everything; run-consumers are processes that die by SIGKILL. Decides: the events, the ledger and what graphs
 * have noted outside of Runlane.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun, publishLoad } from './fault-load.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import { World, runCancel, runCreate } from '../support/world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

/** Roles that work without joining the consumer group, which a killed member blocks for its session timeout. */
const WITHOUT_ADMISSION = { RUNLANE_ROLES: 'execution,relay,sweeping' };

/** How many runs of the ledger are in each state. */
async function statusCounts(world: World): Promise<Record<string, number>> {
  const { rows } = await world.pool.query<{ status: string; count: string }>(
    'select status, count(*) from runlane.runs group by status',
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
}

test.concurrent('when the only consumer is killed again and again, every run still ends once and in its lane', async () => {
  await using world = await World.create(servers());
  const events = await world.collectEvents();
  const killedAtMs = new Map<number, number>();
  const kill = async (service: ServiceProcess) => {
    await service.kill();
    killedAtMs.set(service.pid, Date.now());
  };

  const first = world.runConsumer({ RUNLANE_MAX_CONCURRENT_RUNS: '8' });
  await first.ready();
  const admitted = await publishLoad(world, { runs: 40, threads: 20, ms: 150 });
  await eventually(
    async () => {
      const { running = 0, pending = 0, success = 0 } = await statusCounts(world);
      return running > 0 && pending > 0 && success > 0;
    },
    { what: 'some runs have ended, some are running and some wait' },
  );
  first.signal('SIGSTOP');
  const notAdmitted = await publishLoad(world, { runs: 20, threads: 20, ms: 50 });
  const atFirstKill = await statusCounts(world);
  await kill(first);
  expect(atFirstKill['running']).toBeGreaterThan(0);
  expect(atFirstKill['pending']).toBeGreaterThan(0);

  const second = world.runConsumer(WITHOUT_ADMISSION);
  await eventually(
    async () => {
      const { rowCount } = await world.pool.query(`select from runlane.runs where attempt = 2 and status = 'running'`);
      return (rowCount ?? 0) > 0;
    },
    { what: 'a stranded run is executed again' },
  );
  await kill(second);

  const third = world.runConsumer();
  const asked = [...admitted, ...notAdmitted];
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  expect(overlapProblems(world.sideEffects(), killedAtMs)).toEqual([]);
  expect(history.ledger.filter(({ attempt }) => attempt > 1).length).toBeGreaterThan(0);
  expect(third.isRunning).toBe(true);
});

test.concurrent('a run that kills its process every time fails after three attempts, and its thread goes on', async () => {
  await using world = await World.create(servers());
  const events = await world.collectEvents();
  const killer = { runId: randomUUID(), threadId: 'thread' };
  const successor = { runId: randomUUID(), threadId: 'thread' };
  const first = world.runConsumer({ RUNLANE_LEASE_SECONDS: '2' });
  await first.ready();
  await world.publish(
    runCreate('thread', { run_id: killer.runId, assistant_id: 'killer', input: { label: 'kill' } }),
    gateRun(successor),
  );
  expect(await first.exited).toBeNull();
  expect(await world.runConsumer({ ...WITHOUT_ADMISSION, RUNLANE_LEASE_SECONDS: '2' }).exited).toBeNull();

  const third = world.runConsumer({ ...WITHOUT_ADMISSION, RUNLANE_LEASE_SECONDS: '2' });
  const asked = [killer, successor];
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked, (run) => (run === killer ? 'run.failed' : 'run.succeeded'))).toEqual([]);
  const ofKiller = history.distinct.filter(({ run_id }) => run_id === killer.runId);
  // On a busy machine a process may lose its short lease before the run kills it, and begin it again, unspent.
  expect([...new Set(ofKiller.map(({ type, attempt }) => `${type} ${attempt}`))]).toEqual([
    'run.pending 0',
    'run.running 1',
    'run.running 2',
    'run.running 3',
    'run.failed 3',
  ]);
  expect(ofKiller.at(-1)).toMatchObject({
    reason: 'attempts_exhausted',
    error: { error: 'AttemptsExhausted', message: expect.stringContaining('3 attempts') as string },
  });
  expect(world.sideEffects().filter(({ node }) => node === 'kill')).toHaveLength(3);
  expect(third.isRunning).toBe(true);
  const told = () => third.logs.filter(({ level, run_id }) => level === 'error' && run_id === killer.runId);
  await eventually(() => told().length > 0, { what: 'the failure is logged' });
  expect(told()).toMatchObject([
    { thread_id: 'thread', graph_id: 'killer', attempt: 3, reason: 'attempts_exhausted', error: {} },
  ]);
});

test.concurrent('I10: runs beside one that kills its process every time end well', async () => {
  await using world = await World.create(servers());
  using gate = new Gate();
  const events = await world.collectEvents();
  const neighbours = Array.from({ length: 3 }, (_, index) => ({ runId: randomUUID(), threadId: `thread-${index}` }));
  const killer = { runId: randomUUID(), threadId: 'killer' };
  const first = world.runConsumer();
  await first.ready();
  await world.publish(...neighbours.map((run) => gateRun(run, { gate: gate.path })));
  await eventually(() => world.sideEffects().length === neighbours.length, { what: 'the neighbours execute' });
  await world.publish(
    runCreate(killer.threadId, { run_id: killer.runId, assistant_id: 'killer', input: { label: 'kill' } }),
  );
  expect(await first.exited).toBeNull();
  expect(await world.runConsumer(WITHOUT_ADMISSION).exited).toBeNull();

  const third = world.runConsumer(WITHOUT_ADMISSION);
  expect(await events.terminal(killer.runId)).toMatchObject({ type: 'run.failed', reason: 'attempts_exhausted' });
  expect(third.isRunning).toBe(true);
  gate.open();
  const asked = [...neighbours, killer];
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked, (run) => (run === killer ? 'run.failed' : 'run.succeeded'))).toEqual([]);
});

test.concurrent('a run that is cancelled between the death of its process and the end of its lease ends then, and is not tried again', async () => {
  await using world = await World.create(servers());
  using gate = new Gate();
  const events = await world.collectEvents();
  const executing = world.runConsumer({ RUNLANE_ROLES: 'execution' });
  const others = world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' });
  await Promise.all([executing.ready(), others.ready()]);
  const run = { runId: randomUUID(), threadId: 'thread' };
  await world.publish(gateRun(run, { gate: gate.path }));
  await eventually(() => world.sideEffects().length > 0, { what: 'the graph executes' });
  await executing.kill();
  await world.publish(runCancel(run.threadId, { run_id: run.runId }));
  const next = world.runConsumer({ RUNLANE_ROLES: 'execution' });
  await next.ready();
  gate.open();

  const history = await readHistory(world, events, [run]);
  expect(history.distinct.map(({ type, attempt, reason }) => [type, attempt, reason])).toEqual([
    ['run.pending', 0, null],
    ['run.running', 1, null],
    ['run.interrupted', 1, 'cancelled'],
  ]);
  expect(world.sideEffects()).toHaveLength(1);
});
