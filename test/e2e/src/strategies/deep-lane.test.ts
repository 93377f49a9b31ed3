/**
 * A thread on which thousands of runs wait behind a running one, more than are ended in one transaction. Real:
 * everything. Decides: the events of every one of them when all are superseded or cancelled at once, and what another thread
 * of the partition and the death of the process that ends them do meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun } from '../faults/fault-load.ts';
import { historyProblems, readHistory } from '../faults/fault-oracle.ts';
import type { Asked } from '../faults/fault-oracle.ts';
import { World, runCancel, runCreate } from '../support/world.ts';

const AT_ONCE = 1_000;
const CHUNK = 1_000;
const DEADLINE_MS = 90_000;
const THREAD = 'deep';

/** Lets a run execute that waits for the gate, and so many others wait behind it. */
async function fillLane(world: World, gate: Gate, count: number): Promise<{ running: Asked; waiting: Asked[] }> {
  const newRun = () => ({ runId: randomUUID(), threadId: THREAD });
  const running = newRun();
  const waiting = Array.from({ length: count }, newRun);
  await world.publish({ ...gateRun(running, { gate: gate.path }), partition: 0 });
  await eventually(() => world.sideEffects().length > 0, { what: 'the first run executes' });
  for (let from = 0; from < count; from += CHUNK) {
    await world.publish(...waiting.slice(from, from + CHUNK).map((run) => ({ ...gateRun(run), partition: 0 })));
  }
  await eventually(
    async () => (await world.pool.query(`select from runlane.runs where status = 'pending'`)).rowCount === count,
    { what: `${count} runs wait`, deadlineMs: DEADLINE_MS, everyMs: 200 },
  );
  return { running, waiting };
}

test('4,000 waiting runs are superseded, and each of them gets its event, in lane order', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const consumer = world.runConsumer();
  await consumer.ready();
  const { running, waiting } = await fillLane(world, gate, 4 * AT_ONCE);
  const last = { runId: randomUUID(), threadId: THREAD };
  const request = { run_id: last.runId, assistant_id: 'gate', input: { label: 'last', ms: 0, gate: '' } };
  await world.publish({ ...runCreate(THREAD, { ...request, multitask_strategy: 'interrupt' }), partition: 0 });
  const history = await readHistory(world, events, [running, ...waiting, last], DEADLINE_MS);

  const { distinct } = history;
  const ended = distinct.filter(({ type, attempt }) => type === 'run.interrupted' && attempt === 0);
  expect(ended.map(({ run_id }) => run_id)).toEqual(waiting.map(({ runId }) => runId));
  expect(new Set(ended.map((event) => `${event.reason} ${event.superseded_by} ${event.sequence}`))).toEqual(
    new Set([`superseded ${last.runId} 2`]),
  );
  const typesOf = (runId: string) => distinct.filter(({ run_id }) => run_id === runId).map((event) => event.type);
  expect(typesOf(running.runId)).toEqual(['run.pending', 'run.running', 'run.interrupted']);
  expect(typesOf(last.runId)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
  expect(distinct).toHaveLength(2 * waiting.length + 3 + 3);
  expect(consumer.logged('batch.admitted').flatMap(({ cancelled }) => cancelled)).toEqual([
    { action: 'interrupt', reason: 'superseded', ended_count: AT_ONCE, asked_count: 1 },
  ]);
});

test('a long lane is cancelled while another thread of its partition goes on, and the process that ends it is killed', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  await world.runConsumer({ RUNLANE_ROLES: 'admission,execution,relay' }).ready();
  const { running, waiting } = await fillLane(world, gate, 2.5 * AT_ONCE);
  const neighbour = { runId: randomUUID(), threadId: 'neighbour' };
  await world.publish(
    { ...runCancel(THREAD, { action: 'rollback' }), partition: 0 },
    { ...gateRun(neighbour), partition: 0 },
  );
  const endedCount = async () =>
    (await world.pool.query(`select from runlane.runs where thread_id = $1 and status = 'rollback'`, [THREAD]))
      .rowCount;
  const statusOf = async (threadId: string) => {
    const { rows } = await world.pool.query<{ status: string }>(
      'select status from runlane.threads where thread_id = $1',
      [threadId],
    );
    return rows[0]?.status;
  };
  // What runs, and what is ended with the cancel: the others have only been marked by then.
  await eventually(async () => (await endedCount()) === 1 + AT_ONCE, { what: 'the cancel is admitted' });
  await eventually(async () => (await statusOf(neighbour.threadId)) === 'idle', { what: 'the neighbour has run' });
  expect(await statusOf(THREAD)).toBe('idle');

  const holder = await world.pool.connect();
  try {
    // The last thing that a slice writes waits for this.
    await holder.query('begin');
    await holder.query('select from runlane.lane_ends for update');
    const { rows: own } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    const holderPid = own[0]?.pid;
    const sweeper = world.runConsumer({ RUNLANE_ROLES: 'sweeping' });
    await eventually(
      async () => {
        const { rowCount } = await world.pool.query(
          'select from pg_stat_activity where datname = current_database() and $1 = any (pg_blocking_pids(pid))',
          [holderPid],
        );
        return rowCount === 1;
      },
      { what: 'a slice is under way', deadlineMs: DEADLINE_MS },
    );
    await sweeper.kill();
    await holder.query('commit');
  } finally {
    holder.release();
  }
  world.runConsumer({ RUNLANE_ROLES: 'sweeping' });
  const asked = [running, ...waiting, neighbour];
  const history = await readHistory(world, events, asked, DEADLINE_MS);
  const problems = historyProblems(history, asked, (run) => (run === neighbour ? 'run.succeeded' : 'run.rolled_back'));
  // What ran has to stop first, so it ends after some that waited behind it.
  expect(problems.filter((problem) => !problem.startsWith(`${THREAD}: `))).toEqual([]);
});
