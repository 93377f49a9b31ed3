/**
 * The thread of a temporary run has an id that follows from the run's, so that others can send requests to it. Real:
 * Postgres. Doubled: Kafka, and executors, which claim and settle on request. Decides: the rows of runs and threads.
 */
import { randomUUID } from 'node:crypto';
import { threadIdOfStatelessRun } from '@runlane/contracts';
import { withTransaction } from '@runlane/postgres';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { ENDED_AT_ONCE } from '../../domain/lane-mark.ts';
import type { Outcome } from '../../domain/run.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import type { LogEntry } from './ledger-world.fixture.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.endedAtOnce = ENDED_AT_ONCE;
});

const failed: Outcome = { kind: 'failed', reason: 'graph_error', error: { error: 'E', message: 'm' }, head: null };

function temporary(): { thread: string; entry: LogEntry } {
  const runId = randomUUID();
  return {
    thread: threadIdOfStatelessRun(runId),
    entry: { create: { run_id: runId, thread_id: null, on_completion: 'delete' } },
  };
}

async function statuses(runIds: readonly string[]): Promise<unknown[]> {
  return (await world.runs(runIds)).map(([status]) => status);
}

test('I1: runs that wait behind a temporary run keep its thread, and have their turns', async () => {
  const { thread, entry } = temporary();
  await world.admit([entry]);
  const first = await world.claimOne();
  const { runIds: others } = await world.admit([{ create: { thread_id: thread } }, { create: { thread_id: thread } }]);
  expect(await world.settle(first, failed)).toBe('successor_ready');
  expect(await world.thread(thread)).toEqual(['busy', 'idle']);
  const { runIds: later } = await world.admit([{ create: { thread_id: thread } }, { create: { thread_id: thread } }]);
  for (const runId of [...others, ...later]) {
    const run = await world.claimOne();
    expect(run.runId).toBe(runId);
    await world.settle(run, failed);
  }
  expect(await world.thread(thread)).toEqual(['error', 'error']);
});

test('a temporary run that is alone removes its thread, when it ends and when it is cancelled', async () => {
  const ended = temporary();
  await world.admit([ended.entry]);
  await world.settle(await world.claimOne(), failed);
  expect(await world.thread(ended.thread)).toBeNull();
  const cancelled = temporary();
  await world.admit([cancelled.entry]);
  await world.admit([{ cancel: { thread_id: cancelled.thread } }]);
  expect(await world.thread(cancelled.thread)).toBeNull();
});

test.each(['ends', 'is cancelled'])('a thread that existed before stays when a temporary run on it %s', async (how) => {
  const { thread, entry } = temporary();
  await world.admit([{ create: { thread_id: thread, config: { configurable: { user: 'u' } } } }]);
  await world.settle(await world.claimOne(), failed);
  const { runIds } = await world.admit([entry]);
  if (how === 'ends') await world.settle(await world.claimOne(), { ...failed });
  else await world.admit([{ cancel: { thread_id: thread } }]);
  expect(await world.thread(thread)).toEqual(['error', 'error']);
  expect((await world.events(thread)).filter(({ run }) => run === runIds[0]).map(({ status }) => status)).not.toContain(
    'busy',
  );
  await world.admit([{ create: { thread_id: thread } }]);
  expect((await world.claimOne()).request.config?.configurable).toMatchObject({ user: 'u' });
  await world.finish();
});

test.each(['first', 'last'])(
  'a long lane with a temporary run as its %s ends, and the thread goes on',
  async (place) => {
    world.endedAtOnce = 2;
    const { thread, entry } = temporary();
    const others = Array.from({ length: 5 }, (): LogEntry => ({ create: { thread_id: thread } }));
    const { runIds } = await world.admit(place === 'first' ? [entry, ...others] : [...others, entry]);
    await world.admit([{ cancel: { thread_id: thread } }]);
    const { runIds: next } = await world.admit(others);
    for (let slice = await world.endSlice(thread, 2); slice?.hasMore;) slice = await world.endSlice(thread, 2);
    expect(await statuses(runIds)).toEqual(runIds.map(() => 'interrupted'));
    for (const runId of next) {
      const run = await world.claimOne();
      expect(run.runId).toBe(runId);
      await world.settle(run, failed);
    }
  },
);

test('a request that waits while a temporary run removes its thread gets a new thread', async () => {
  const { thread, entry } = temporary();
  await world.admit([entry]);
  const first = await world.claimOne();
  const admitting = await withTransaction(world.rows.pool, async (client) => {
    // As the settlement does: it has locked the thread, and has not deleted it yet.
    await client.query('select from runlane.threads where thread_id = $1 for update', [thread]);
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const admission = world.admit([{ create: { thread_id: thread } }, { create: { thread_id: thread } }]);
    const isBlocked = async () => {
      const { rowCount } = await world.rows.pool.query(
        'select from pg_stat_activity where datname = current_database() and $1 = any (pg_blocking_pids(pid))',
        [rows[0]?.pid],
      );
      return rowCount === 1;
    };
    await eventually(isBlocked, { what: 'the admission waits' });
    await client.query(
      `update runlane.runs set status = 'error', executor_id = null, run_ended_at = now() where run_id = $1`,
      [first.runId],
    );
    await client.query('delete from runlane.threads where thread_id = $1', [thread]);
    return { admission };
  });
  const { runIds } = await admitting.admission;
  expect(await world.thread(thread)).toEqual(['busy', 'idle']);
  const { runIds: later } = await world.admit([{ create: { thread_id: thread } }]);
  for (const runId of [...runIds, ...later]) {
    const run = await world.claimOne();
    expect(run.runId).toBe(runId);
    await world.settle(run, failed);
  }
});

test('I10: two ready runs of one thread, which should not exist, keep nobody from claiming the others', async () => {
  const [thread, other] = [randomUUID(), randomUUID()];
  const { runIds } = await world.admit([thread, thread, other].map((id): LogEntry => ({ create: { thread_id: id } })));
  await world.rows.pool.query('update runlane.runs set ready_at = clock_timestamp() where run_id = $1', [runIds[1]]);
  const claimed = await world.claimReady();
  expect(new Set(claimed.map(({ runId }) => runId))).toEqual(new Set([runIds[0], runIds[2]]));
  for (const run of claimed) await world.settle(run, failed);
  await world.settle(await world.claimOne(), failed);
});
