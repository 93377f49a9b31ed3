/**
 * Charter: a thread on which 10,000 runs wait behind one that executes. Real: everything. Decides: the events of every
 * one of them when the next run supersedes them all, and the batch in which it did.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun } from './fault-load.ts';
import { readHistory } from './fault-oracle.ts';
import { World, runCreate } from './world.ts';

const WAITING = 10_000;
const CHUNK = 1_000;
const DEADLINE_MS = 90_000;

test.for([
  ['interrupt', 'run.interrupted'],
  ['rollback', 'run.rolled_back'],
] as const)('%s supersedes 10,000 waiting runs at once, and each of them gets its event', async ([strategy, type]) => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const consumer = world.runConsumer();
  await consumer.ready();
  const threadId = 'deep';
  const newRun = () => ({ runId: randomUUID(), threadId });
  const [running, last] = [newRun(), newRun()];
  const waiting = Array.from({ length: WAITING }, newRun);
  await world.publish(gateRun(running, { gate: gate.path }));
  await eventually(() => world.sideEffects().length > 0, { what: 'the first run executes' });
  for (let from = 0; from < WAITING; from += CHUNK) {
    await world.publish(...waiting.slice(from, from + CHUNK).map((run) => gateRun(run)));
  }
  await eventually(
    async () => (await world.pool.query(`select from runlane.runs where status = 'pending'`)).rowCount === WAITING,
    { what: `${WAITING} runs wait`, deadlineMs: DEADLINE_MS, everyMs: 200 },
  );

  await world.publish(
    runCreate(threadId, {
      run_id: last.runId,
      assistant_id: 'gate',
      input: { label: 'last', ms: 0, gate: '' },
      multitask_strategy: strategy,
    }),
  );
  const { distinct } = await readHistory(world, events, [running, ...waiting, last], DEADLINE_MS);

  const ended = distinct.filter(({ type: told, attempt }) => told === type && attempt === 0);
  expect(ended.map(({ run_id }) => run_id)).toEqual(waiting.map(({ runId }) => runId));
  expect(new Set(ended.map((event) => [event.superseded_by, event.sequence, event.thread_status].join()))).toEqual(
    new Set([`${last.runId},2,busy`]),
  );
  const typesOf = (runId: string) => distinct.filter(({ run_id }) => run_id === runId).map((event) => event.type);
  expect(typesOf(running.runId)).toEqual(['run.pending', 'run.running', type]);
  expect(typesOf(last.runId)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
  expect(distinct).toHaveLength(2 * WAITING + 3 + 3);
  expect(consumer.logged('batch.admitted').flatMap(({ cancelled }) => cancelled)).toEqual([
    { action: strategy, reason: 'superseded', endedCount: WAITING, askedCount: 1 },
  ]);
});
