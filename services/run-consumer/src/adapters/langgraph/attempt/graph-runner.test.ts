/**
 * What one attempt does to a thread, and how the next one continues after the death of the process. Real: Postgres,
 * LangGraph, the saver. Doubled: the death, by a commit that never returns: from then on the attempt writes nothing,
 * and its outcome is discarded.
 */
import { randomUUID } from 'node:crypto';
import type { Json } from '@runlane/contracts';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { ClaimedRun } from '../../../domain/run.ts';
import { Attempts, labelsOf, testGraph } from './attempts.fixture.ts';
import type { AttemptOptions } from './attempts.fixture.ts';

let attempts: Attempts;
let pool: Attempts['pool'];

beforeAll(async () => {
  attempts = await Attempts.create(inject('databaseUrl'), [
    testGraph('lane', 'lane'),
    testGraph('answer', 'shapes', 'builder'),
    testGraph('pause', 'pause'),
  ]);
  pool = attempts.pool;
});
afterAll(() => attempts[Symbol.asyncDispose]());

const claim = (threadId: string, request: Record<string, Json> = {}) =>
  attempts.rows.claim(threadId, { assistant_id: 'lane', input: { label: 'a', ms: 0 }, ...request });
const claimAgain = (run: ClaimedRun) => attempts.rows.claimAgain(run);
const settle = (run: ClaimedRun) => attempts.rows.settle(run);

const execute = (run: ClaimedRun, options?: AttemptOptions) => attempts.execute(run, options);
const dyingAfter = (count: number) => attempts.dyingAfter(count);

test.each([
  ['async', 1],
  ['sync', 1],
  ['exit', 2], // its only checkpoint is written after the graph has ended
])('a run of durability %s reads the head of its thread %i times', async (durability, count) => {
  const run = await claim(randomUUID(), { durability });
  using reading = vi.spyOn(pool, 'query');
  expect(await execute(run)).toMatchObject({ kind: 'succeeded' });
  const texts = reading.mock.calls.map(([query]) => JSON.stringify(query));
  expect(texts.filter((text) => text.includes('pending_writes'))).toHaveLength(count);
});

describe('I7: wherever the process dies', () => {
  test('the next attempt ends with the input applied once and every step taken once', async () => {
    for (const durability of ['sync', 'async']) {
      for (let count = 0, died = true; died; count += 1) {
        const thread = randomUUID();
        const before = await claim(thread, { input: { label: 'before', ms: 0 } });
        await execute(before);
        await settle(before);
        const run = await claim(thread, { durability });
        const dying = dyingAfter(count);
        const first = await execute(run, { write: dying.write });
        died = first.kind !== 'succeeded';
        expect(dying.written()).toBeLessThanOrEqual(count);
        const second = await execute(await claimAgain(run));
        expect(second.kind).toBe('succeeded');
        expect(labelsOf(second)).toEqual(['before:first', 'before:second', 'a:first', 'a:second']);
        expect(count).toBeLessThan(40);
      }
    }
  });

  test('with durability exit it starts over, and writes nothing before it ends', async () => {
    const run = await claim(randomUUID(), { durability: 'exit' });
    const first = await execute(run, { write: dyingAfter(0).write });
    expect(first.kind).toBe('failed');
    const checkpoints = () => pool.query('select from checkpoints where thread_id = $1', [run.threadId]);
    expect((await checkpoints()).rowCount).toBe(0);
    expect(labelsOf(await execute(await claimAgain(run)))).toEqual(['a:first', 'a:second']);
    expect((await checkpoints()).rowCount).toBe(1);
  });
});

test.each(['sync', 'async', 'exit'])(
  'the head of a run with durability %s is what its checkpoint holds',
  async (durability) => {
    const run = await claim(randomUUID(), { durability });
    const outcome = await execute(run);
    const { rows: heads } = await pool.query(
      'select checkpoint_id from checkpoints where thread_id = $1 order by checkpoint_id desc limit 1',
      [run.threadId],
    );
    expect(outcome).toMatchObject({ kind: 'succeeded', head: { checkpointId: heads[0].checkpoint_id, next: [] } });
    const again = await execute(await claimAgain(run));
    expect('head' in again && again.head?.values).toEqual('head' in outcome && outcome.head?.values);
  },
);

describe('a run that has stopped and whose process died before its settlement', () => {
  test.each([
    ['interrupt_before', { interrupt_before: ['second'] }],
    ['interrupt_after', { interrupt_after: ['first'] }],
    ['interrupt_before all', { interrupt_before: '*' }],
  ])('at %s stops there again', async (_name, request) => {
    const run = await claim(randomUUID(), request);
    const first = await execute(run);
    const second = await execute(await claimAgain(run));
    expect(first).toMatchObject({ kind: 'paused' });
    expect(second).toEqual(first);
  });

  test('at interrupt() asks again', async () => {
    const run = await claim(randomUUID(), { assistant_id: 'pause', input: { question: 'why' } });
    const first = await execute(run);
    expect(first).toMatchObject({ kind: 'paused', head: { next: ['ask'], interrupts: [{ value: 'answer to why' }] } });
    expect(await execute(await claimAgain(run))).toEqual(first);
  });
});

describe('breakpoints', () => {
  test('stop where they say, and a run without input goes on from there', async () => {
    const run = await claim(randomUUID(), { interrupt_after: ['first'] });
    expect(await execute(run)).toMatchObject({ kind: 'paused', head: { next: ['second'], interrupts: [] } });
    await settle(run);
    const next = await claim(run.threadId, { input: null });
    expect(labelsOf(await execute(next))).toEqual(['a:first', 'a:second']);
  });

  test('after the last node leave nothing to continue', async () => {
    const outcome = await execute(await claim(randomUUID(), { interrupt_after: ['second'] }));
    expect(outcome).toMatchObject({ kind: 'succeeded', head: { next: [] } });
  });

  test('on a node that the graph does not have are refused before anything runs', async () => {
    const run = await claim(randomUUID(), { interrupt_before: ['first', 'frist'] });
    expect(await execute(run)).toEqual({
      kind: 'failed',
      reason: 'unknown_node',
      error: {
        error: 'unknown_node',
        message: 'interrupt_before or interrupt_after names frist. Nodes: first, second.',
      },
      head: null,
    });
    expect((await pool.query('select from checkpoints where thread_id = $1', [run.threadId])).rowCount).toBe(0);
  });
});

describe('checkpoint_id', () => {
  /** A thread with one finished run, and its head. */
  async function finishedThread(): Promise<{ threadId: string; head: string }> {
    const run = await claim(randomUUID());
    const outcome = await execute(run);
    await settle(run);
    if (outcome.kind !== 'succeeded' || outcome.head.checkpointId === null) throw new Error('no head');
    return { threadId: run.threadId, head: outcome.head.checkpointId };
  }

  test('starts from there, and the other branch is not read', async () => {
    const { threadId, head } = await finishedThread();
    const left = await claim(threadId, { input: { label: 'left', ms: 0 } });
    await execute(left);
    await settle(left);
    const right = await claim(threadId, { input: { label: 'right', ms: 0 }, checkpoint_id: head });
    expect(labelsOf(await execute(right))).toEqual(['a:first', 'a:second', 'right:first', 'right:second']);
  });

  test('is not used again by the attempt after a death', async () => {
    const { threadId, head } = await finishedThread();
    for (let count = 0, died = true; died; count += 1) {
      const run = await claim(threadId, { input: { label: 'fork', ms: 0 }, checkpoint_id: head });
      died = (await execute(run, { write: dyingAfter(count).write })).kind !== 'succeeded';
      const second = await claimAgain(run);
      expect(labelsOf(await execute(second))).toEqual(['a:first', 'a:second', 'fork:first', 'fork:second']);
      await settle(second);
      expect(count).toBeLessThan(40);
    }
  });

  test('of a finished run, without an input, lets the thread continue from there, also after a death', async () => {
    const { threadId, head } = await finishedThread();
    const left = await claim(threadId, { input: { label: 'left', ms: 0 } });
    await execute(left);
    await settle(left);
    const back = await claim(threadId, { input: null, checkpoint_id: head });
    await execute(back);
    const again = await claimAgain(back);
    const outcome = await execute(again);
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(labelsOf(outcome)).toEqual(['a:first', 'a:second']);
    await settle(again);
    const next = await claim(threadId, { input: { label: 'right', ms: 0 } });
    expect(labelsOf(await execute(next))).toEqual(['a:first', 'a:second', 'right:first', 'right:second']);
  });

  test('that the thread does not have is refused', async () => {
    const { head } = await finishedThread();
    const elsewhere = await claim(randomUUID(), { checkpoint_id: head });
    expect(await execute(elsewhere)).toMatchObject({ kind: 'failed', reason: 'checkpoint_not_found' });
  });
});

describe('no input', () => {
  test('on an empty thread is an error', async () => {
    const outcome = await execute(await claim(randomUUID(), { input: null }));
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'nothing_to_continue' });
  });

  test('on a finished thread succeeds and reports that there was nothing to do', async () => {
    const run = await claim(randomUUID());
    await execute(run);
    await settle(run);
    const next = await claim(run.threadId, { input: null });
    expect(await execute(next)).toMatchObject({ kind: 'succeeded', nothingToContinue: true });
  });
});

describe('a temporary run', () => {
  const temporary = async (request: Record<string, Json> = {}) => ({
    ...(await claim(randomUUID(), request)),
    isTemporary: true,
  });

  test('ends with its values, and leaves nothing behind', async () => {
    const run = await temporary();
    expect(await execute(run)).toMatchObject({
      kind: 'succeeded',
      head: { checkpointId: null, values: { labels: ['a:first', 'a:second'] } },
    });
    expect((await pool.query('select from checkpoints where thread_id = $1', [run.threadId])).rowCount).toBe(0);
  });

  test('cannot pause', async () => {
    const outcome = await execute(await temporary({ assistant_id: 'pause', input: { question: 'why' } }));
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'graph_error',
      error: { message: expect.stringMatching(/checkpointer/i) },
    });
  });

  test('has no checkpoint to start from, and nothing to continue', async () => {
    expect(await execute(await temporary({ checkpoint_id: 'c1' }))).toMatchObject({ reason: 'checkpoint_not_found' });
    expect(await execute(await temporary({ input: null }))).toMatchObject({ reason: 'nothing_to_continue' });
  });

  test('is not stopped at a superstep by a drain, since it could only start over', async () => {
    const drain = new AbortController();
    const started = execute(await temporary({ input: { label: 'a', ms: 50 } }), { drain: drain.signal });
    drain.abort();
    expect(await started).toMatchObject({ kind: 'succeeded' });
  });

  test('changes nothing for another run of the same graph beside it', async () => {
    const kept = await claim(randomUUID(), { input: { label: 'kept', ms: 30 } });
    const outcomes = await Promise.all([execute(kept), execute(await temporary({ input: { label: 't', ms: 30 } }))]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    expect((await pool.query('select from checkpoints where thread_id = $1', [kept.threadId])).rowCount).toBe(4);
  });
});

test('context, tags and configurable reach the graph, and metadata every checkpoint', async () => {
  const run = await claim(randomUUID(), {
    assistant_id: 'answer',
    input: { label: 'x' },
    context: { tenant: 'acme' },
    config: { tags: ['blue'] },
    metadata: { ticket: 7, source: 'mine' },
  });
  expect(await execute(run)).toMatchObject({
    head: { values: { seen: { label: 'x', context: { tenant: 'acme' }, tags: ['blue'], store: true } } },
  });
  const { rows: checkpoints } = await pool.query('select metadata from checkpoints where thread_id = $1', [
    run.threadId,
  ]);
  expect(checkpoints.length).toBeGreaterThan(0);
  for (const { metadata } of checkpoints) expect(metadata).toMatchObject({ ticket: 7, run_id: run.runId });
  for (const { metadata } of checkpoints) expect(metadata.source).not.toBe('mine');
});

test('I12: a drained run stops after its superstep, and the next start goes on behind it', async () => {
  const run = await claim(randomUUID(), { input: { label: 'a', ms: 100 } });
  const drain = new AbortController();
  const started = execute(run, { drain: drain.signal });
  drain.abort();
  expect(await started).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  const state = await pool.query('select from checkpoints where thread_id = $1', [run.threadId]);
  expect(state.rowCount).toBeGreaterThan(0);
  expect(labelsOf(await execute(await claimAgain(run)))).toEqual(['a:first', 'a:second']);
});

test('I3: a run that another executor owns is lost, whatever its graph did', async () => {
  const run = await claim(randomUUID());
  await claimAgain(run);
  expect(await execute(run)).toEqual({ kind: 'lease_lost' });
  expect((await pool.query('select from checkpoints where thread_id = $1', [run.threadId])).rowCount).toBe(0);
});
