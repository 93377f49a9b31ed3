/**
 * Which run's stop has left a thread as it is. Real: Postgres. Doubled: Kafka, and executors, which claim, write
 * heads and settle on request. Decides: whether the claimed run may go on.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { ClaimedRun, HeadState, Outcome } from '../../domain/run.ts';
import { turnRefusal } from '../../domain/thread-status.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import type { LogEntry } from './ledger-world.fixture.ts';

let world: LedgerWorld;
let thread: string;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  thread = randomUUID();
});

const head: HeadState = { checkpointId: 'c', next: ['node'], interrupts: [], values: {} };
const paused: Outcome = { kind: 'paused', head };
const enqueued = (): LogEntry => ({ create: { thread_id: thread } });
const superseding = (multitask_strategy = 'interrupt'): LogEntry => ({
  create: { thread_id: thread, multitask_strategy, if_thread_status: ['idle', 'busy'] },
});

/** Ends a run that was asked to stop, midway: what it leaves is written by it, or was there before. */
async function stop(run: ClaimedRun, hasWritten = true): Promise<void> {
  const request = await world.stopOf(run);
  if (request === null) throw new Error('The run was not asked to stop.');
  if (hasWritten) await world.settle(run, { kind: 'interrupted', stop: request, head });
  else await world.settle(run, { kind: 'interrupted', stop: request, head: null });
}

/** Claims the run that has its turn; the reason when it may not go on. It is settled, so that the next test finds nothing. */
async function turn(): Promise<string | null> {
  const run = await world.claimOne();
  const refusal = turnRefusal(run);
  await world.settle(run, refusal ?? { kind: 'succeeded', head, nothingToContinue: false });
  return refusal?.reason ?? null;
}

test('a run continues from where it has stopped another one', async () => {
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([superseding()]);
  await stop(running);
  expect(await world.thread(thread)).toEqual(['busy', 'interrupted']);
  expect(await turn()).toBeNull();
});

test.each(['interrupt', 'rollback'])('so does a run that has superseded that run in turn: %s', async (strategy) => {
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([superseding()]);
  await world.admit([superseding(strategy)]);
  await stop(running);
  expect(await turn()).toBeNull();
});

test('so does a run that has only marked it, while marked rows wait for their end', async () => {
  world.endedAtOnce = 1;
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([enqueued(), enqueued(), enqueued()]);
  await world.admit([superseding()]);
  await world.admit([superseding()]);
  await stop(running);
  expect(await turn()).toBeNull();
  while ((await world.endSlice(thread, 10))?.hasMore === true);
});

test('a question that the superseded run has asked before it noticed keeps the run from going on', async () => {
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([superseding()]);
  await world.settle(running, paused);
  expect(await turn()).toBe('thread_status');
});

test('so does a question that was open before, when the superseded run has written nothing', async () => {
  await world.admit([enqueued()]);
  await world.settle(await world.claimOne(), paused);
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([superseding()]);
  await stop(running, false);
  expect(await turn()).toBe('thread_status');
});

test('a run that was stopped by a cancel, or superseded by another run, keeps the run from going on', async () => {
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([{ cancel: { thread_id: thread, action: 'interrupt' } }]);
  await world.admit([superseding()]);
  await stop(running);
  expect(await turn()).toBe('thread_status');

  await world.admit([{ create: { thread_id: thread } }]);
  const second = await world.claimOne();
  const { runIds } = await world.admit([superseding()]);
  await stop(second);
  await world.admit([enqueued()]);
  await world.admit([{ cancel: { thread_id: thread, run_id: runIds[0] ?? null, action: 'interrupt' } }]);
  const third = await world.claimOne();
  await world.admit([superseding()]);
  await stop(third, false);
  expect(await turn()).toBe('thread_status');
});

test('a head that anything else has written counts as it is', async () => {
  await world.admit([enqueued()]);
  const running = await world.claimOne();
  await world.admit([superseding()]);
  await stop(running);
  await world.rows.pool.query(`update checkpoints set metadata = '{"run_id":"by hand"}' where thread_id = $1`, [
    thread,
  ]);
  expect(await turn()).toBe('thread_status');
});
