/** Settlements on real Postgres. Decides: the rows of runs, threads, outbox and journal. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClaimedRun, HeadState, Outcome, Stop } from '../../domain/run.ts';
import { MAX_ATTEMPTS } from '../../domain/run.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const head: HeadState = { checkpointId: 'c9', next: [], interrupts: [], values: { done: true } };
const succeeded: Outcome = { kind: 'succeeded', head, nothingToContinue: false };
const failed: Outcome = { kind: 'failed', reason: 'graph_error', error: { error: 'E', message: 'm' }, head: null };
const handedBack = (spendsAttempt: boolean): Outcome => ({
  kind: 'handed_back',
  spendsAttempt,
  isolate: false,
  error: { error: 'E', message: 'm' },
});
const cancelled: Stop = { action: 'interrupt', reason: 'cancelled', supersededBy: null };

/** A running run on a thread that was at rest as given, with a checkpoint and an entry in the journal of its own. */
async function running({ asked = null as 'interrupt' | 'rollback' | null, wrote = true } = {}): Promise<ClaimedRun> {
  const thread = randomUUID();
  await world.admit([{ create: { thread_id: thread } }]);
  const run = await world.claimOne();
  await checkpoint(thread, 'c1', randomUUID());
  if (wrote) await checkpoint(thread, 'c2', run.runId);
  await world.rows.pool.query(
    `insert into runlane.foreign_writes (run_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
     values ($1, $2, '', 'c', 't', -4)`,
    [run.runId, thread],
  );
  if (asked !== null) await world.admit([{ cancel: { thread_id: thread, action: asked } }]);
  return run;
}

async function checkpoint(thread: string, id: string, runId: string): Promise<void> {
  await world.rows.pool.query(
    `insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, type, checkpoint, metadata)
     values ($1, '', $2, 'json', '{"v": 4, "channel_versions": {}}', jsonb_build_object('run_id', $3::text))`,
    [thread, id, runId],
  );
}

/** What is left of the checkpoints that the test has made, and of the run's journal. */
async function traces({ threadId, runId }: ClaimedRun): Promise<{ checkpoints: string[]; journal: number }> {
  const { pool } = world.rows;
  const found = await pool.query<{ checkpoint_id: string }>(
    `select checkpoint_id from checkpoints where thread_id = $1 and checkpoint_id like 'c_' order by 1`,
    [threadId],
  );
  const journal = await pool.query('select from runlane.foreign_writes where run_id = $1', [runId]);
  return { checkpoints: found.rows.map((row) => row.checkpoint_id), journal: journal.rowCount ?? 0 };
}

const lastEvent = async (run: ClaimedRun) => (await world.events(run.threadId)).at(-1);

test('I8: the journal of a run ends with it, however it ends', async () => {
  const [ended, lost] = [await running(), await running()];
  expect(await world.settle(ended, succeeded)).toBe('settled');
  expect(await world.settle({ ...lost, fencingToken: lost.fencingToken + 1n }, succeeded)).toBe('lost');
  expect([(await traces(ended)).journal, (await traces(lost)).journal]).toEqual([0, 1]);
  await world.settle(lost, succeeded);
});

describe('a run that was asked to roll back', () => {
  test.each([
    ['ended well', succeeded],
    ['paused', { kind: 'paused', head }],
    ['failed', failed],
    ['timed out', { kind: 'timed_out', limitSeconds: 1 }],
    ['was interrupted', { kind: 'interrupted', stop: { ...cancelled, action: 'rollback' }, head: null }],
    ['was handed back unspent', handedBack(false)],
    ['was handed back', handedBack(true)],
  ] satisfies [string, Outcome][])('is, with its checkpoints, although it %s', async (_name, outcome) => {
    const run = await running({ asked: 'rollback' });
    expect(await world.settle(run, outcome)).toBe('settled');
    expect(await world.runs([run.runId])).toEqual([['rollback', 'cancelled', null]]);
    expect(await traces(run)).toEqual({ checkpoints: ['c1'], journal: 0 });
    expect(await world.thread(run.threadId)).toEqual(['idle', 'idle']);
    expect(await lastEvent(run)).toMatchObject({
      type: 'run.rolled_back',
      status: 'idle',
      sequence: 3,
      details: { reason: 'cancelled' },
    });
  });

  test('is also when its last attempt was lost', async () => {
    const run = await running({ asked: 'rollback' });
    expect(await world.settle({ ...run, attempt: MAX_ATTEMPTS }, handedBack(true))).toBe('settled');
    expect(await lastEvent(run)).toMatchObject({ type: 'run.rolled_back', details: { reason: 'cancelled' } });
  });

  test('leaves the thread as it was before it, and names what superseded it', async () => {
    const run = await running();
    await world.settle(run, failed);
    await world.admit([{ create: { thread_id: run.threadId } }]);
    const second = await world.claimOne();
    const [third] = (await world.admit([{ create: { thread_id: run.threadId, multitask_strategy: 'rollback' } }]))
      .runIds;
    expect(await world.settle(second, succeeded)).toBe('successor_ready');
    expect(await world.runs([second.runId])).toEqual([['rollback', 'superseded', third]]);
    expect(await lastEvent(second)).toMatchObject({ status: 'busy', details: { superseded_by: third } });
    expect(await world.thread(run.threadId)).toEqual(['busy', 'error']);
    await world.settle(await world.claimOne(), succeeded);
    expect(await world.thread(run.threadId)).toEqual(['idle', 'idle']);
  });
});

describe('a run that was asked to interrupt', () => {
  test('keeps the end that it reached by itself, and no trace of the request', async () => {
    for (const [outcome, status] of [
      [succeeded, 'success'],
      [failed, 'error'],
    ] as const) {
      const run = await running({ asked: 'interrupt' });
      await world.settle(run, outcome);
      expect((await world.runs([run.runId]))[0]).toEqual([status, status === 'error' ? 'graph_error' : null, null]);
      expect((await traces(run)).checkpoints).toEqual(['c1', 'c2']);
    }
  });

  test.each([
    [[], 'idle'],
    [['second'], 'interrupted'],
  ])('ends interrupted with the state that it has left: next %j makes the thread %s', async (next, status) => {
    const run = await running({ asked: 'interrupt' });
    await world.settle(run, { kind: 'interrupted', stop: cancelled, head: { ...head, next } });
    expect(await world.runs([run.runId])).toEqual([['interrupted', 'cancelled', null]]);
    expect(await world.thread(run.threadId)).toEqual([status, status]);
    expect(await lastEvent(run)).toMatchObject({
      type: 'run.interrupted',
      status,
      details: { reason: 'cancelled', checkpoint_id: 'c9', next, values: { done: true } },
    });
    expect(await traces(run)).toEqual({ checkpoints: ['c1', 'c2'], journal: 0 });
  });

  test.each([
    ['drained', handedBack(false), 1, true],
    ['lost with its process', handedBack(true), 1, true],
    ['lost for the last time', handedBack(true), MAX_ATTEMPTS, true],
    ['lost before it wrote anything', handedBack(true), 1, false],
  ] as const)('ends and is not tried again when its attempt was %s', async (_name, outcome, attempt, wrote) => {
    const run = await running({ asked: 'interrupt', wrote });
    expect(await world.settle({ ...run, attempt }, outcome)).toBe('settled');
    expect(await world.runs([run.runId])).toEqual([['interrupted', 'cancelled', null]]);
    const status = wrote ? 'interrupted' : 'idle';
    expect(await world.thread(run.threadId)).toEqual([status, status]);
    const event = await lastEvent(run);
    expect(event).toMatchObject({ type: 'run.interrupted', status });
    expect(event?.details).toEqual({ reason: 'cancelled', ...(wrote ? { checkpoint_id: 'c2' } : {}) });
    expect((await traces(run)).journal).toBe(0);
  });

  test('and was handed back makes its successor ready', async () => {
    const run = await running();
    const [next] = (await world.admit([{ create: { thread_id: run.threadId, multitask_strategy: 'interrupt' } }]))
      .runIds;
    expect(await world.settle(run, handedBack(false))).toBe('successor_ready');
    expect(await world.ready(run.threadId)).toEqual([next]);
    await world.settle(await world.claimOne(), succeeded);
  });
});

describe('a run that went back to pending and is cancelled there', () => {
  async function waiting(): Promise<ClaimedRun> {
    const run = await running();
    expect(await world.settle(run, handedBack(true))).toBe('requeued');
    return run;
  }

  test('is rolled back with everything that its attempts have written', async () => {
    const run = await waiting();
    await world.admit([{ cancel: { thread_id: run.threadId, run_id: run.runId, action: 'rollback' } }]);
    expect(await world.runs([run.runId])).toEqual([['rollback', 'cancelled', null]]);
    expect(await traces(run)).toEqual({ checkpoints: ['c1'], journal: 0 });
    expect(await world.thread(run.threadId)).toEqual(['idle', 'idle']);
  });

  test('is interrupted at the point that its attempts have reached', async () => {
    const run = await waiting();
    await world.admit([{ cancel: { thread_id: run.threadId } }]);
    expect(await world.runs([run.runId])).toEqual([['interrupted', 'cancelled', null]]);
    expect(await lastEvent(run)).toMatchObject({
      type: 'run.interrupted',
      status: 'interrupted',
      details: { reason: 'cancelled', checkpoint_id: 'c2' },
    });
    expect(await world.thread(run.threadId)).toEqual(['interrupted', 'interrupted']);
    expect(await traces(run)).toEqual({ checkpoints: ['c1', 'c2'], journal: 0 });
  });
});

test.each(['interrupt', 'rollback'])(
  'the attempt number in events never falls: %s of a run that was handed back',
  async (action) => {
    const attempts = async ({ threadId }: ClaimedRun): Promise<number[]> => {
      const text = 'select attempt from runlane.outbox where thread_id = $1 order by outbox_id';
      return (await world.rows.pool.query<{ attempt: number }>(text, [threadId])).rows.map(({ attempt }) => attempt);
    };
    const once = await running();
    await world.settle(once, handedBack(false));
    await world.admit([{ cancel: { thread_id: once.threadId, action } }]);
    expect(await attempts(once)).toEqual([0, 1, 1]);

    const twice = await running();
    await world.settle(twice, handedBack(true));
    await world.settle(await world.claimOne(), handedBack(false));
    await world.settle(await world.claimOne(), handedBack(false));
    await world.admit([{ cancel: { thread_id: twice.threadId, action } }]);
    expect(await attempts(twice)).toEqual([0, 1, 2, 2, 2]);
  },
);

test('a temporary run that is asked to stop ends without a thread or a head', async () => {
  for (const action of ['interrupt', 'rollback'] as const) {
    const runId = randomUUID();
    await world.admit([{ create: { thread_id: null, run_id: runId } }]);
    const run = await world.claimOne();
    await world.admit([{ cancel: { run_id: runId, action } }]);
    expect(await world.settle(run, handedBack(false))).toBe('settled');
    expect(await world.runs([runId])).toEqual([
      [action === 'rollback' ? 'rollback' : 'interrupted', 'cancelled', null],
    ]);
    expect(await world.thread(run.threadId)).toBeNull();
    expect(await lastEvent(run)).toMatchObject({ status: null, details: { reason: 'cancelled' } });
  }
});

describe('a rescue', () => {
  test('does not wait for a holder of the thread, which may be a frozen process', async () => {
    const run = await running();
    const frozen = await world.rows.pool.connect();
    try {
      await frozen.query('begin');
      await frozen.query('select from runlane.threads where thread_id = $1 for update', [run.threadId]);
      expect(await world.settle(run, handedBack(true))).toBe('requeued');
    } finally {
      await frozen.query('rollback');
      frozen.release();
    }
    await world.settle(await world.claimOne(), succeeded);
  });

  test('while a batch cancels the run ends the run, in whichever order they commit, and leaves no journal of a rollback', async () => {
    for (let round = 0; round < 30; round += 1) {
      const run = await running();
      await Promise.all([
        world.admit([{ cancel: { thread_id: run.threadId, action: 'rollback' } }]),
        world.settle(run, handedBack(true)),
      ]);
      expect(await world.runs([run.runId])).toEqual([['rollback', 'cancelled', null]]);
      expect(await traces(run)).toEqual({ checkpoints: ['c1'], journal: 0 });
      expect(await world.thread(run.threadId)).toEqual(['idle', 'idle']);
    }
  });
});
