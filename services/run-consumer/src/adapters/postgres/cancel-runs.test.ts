/**
 * Superseding and cancelling on real Postgres. Doubled: Kafka, and executors, which claim and settle on request.
 * Decides: the rows of runs and threads, and the outbox.
 */
import { randomUUID } from 'node:crypto';
import { threadIdOfStatelessRun } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancelAt, requestAt } from '../../domain/factories.fixture.ts';
import type { Outcome } from '../../domain/run.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import type { LogEntry } from './ledger-world.fixture.ts';
import { createScheduledRuns } from './sweeping/scheduled-runs.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const create = (thread: string, json: Record<string, string | number | null> = {}): LogEntry => ({
  create: { thread_id: thread, ...json },
});
const interrupting = (thread: string) => create(thread, { multitask_strategy: 'interrupt' });
const rollingBack = (thread: string) => create(thread, { multitask_strategy: 'rollback' });
const cancelAll = (thread: string, action = 'interrupt'): LogEntry => ({ cancel: { thread_id: thread, action } });
const cancelOne = (thread: string, run: string | undefined, action = 'interrupt'): LogEntry => ({
  cancel: { thread_id: thread, run_id: run ?? null, action },
});
const failed: Outcome = { kind: 'failed', reason: 'graph_error', error: { error: 'E', message: 'm' }, head: null };

/** Ends the runs that a test has left, so that the next test finds none ready. */
async function finish(): Promise<void> {
  for (let runs = await world.claim(); runs.length > 0; runs = await world.claim()) {
    for (const run of runs) await world.settle(run, failed);
  }
}

test('a run that is rolled back still reports the usage of its models, and nothing else of its outcome', async () => {
  const thread = randomUUID();
  await world.admit([create(thread)]);
  const run = await world.claimOne();
  await world.admit([cancelAll(thread, 'rollback')]);
  const counts = { calls: 1, input_tokens: 2, output_tokens: 3, cached_tokens: 0, reasoning_tokens: 0 };
  const usage = [{ model: 'm', ...counts, attempt: counts }];
  await world.settle(run, { ...failed, report: { usage, abandonedInterrupts: ['i0'] } });
  expect((await world.events(thread)).at(-1)).toMatchObject({ type: 'run.rolled_back' });
  expect((await world.events(thread)).at(-1)?.details).toEqual({ reason: 'cancelled', usage });
});

describe('waiting runs', () => {
  test('of a burst in one batch end in the order of the log: pending, then superseded, sequences without gaps', async () => {
    const thread = randomUUID();
    const { runIds } = await world.admit([create(thread), interrupting(thread), rollingBack(thread)]);
    const [first, second, third] = runIds;
    expect((await world.events(thread)).map(({ run, type, sequence }) => [run, type, sequence])).toEqual([
      [first, 'run.pending', 1],
      [second, 'run.pending', 1],
      [first, 'run.interrupted', 2],
      [third, 'run.pending', 1],
      [second, 'run.rolled_back', 2],
    ]);
    expect(await world.runs(runIds)).toEqual([
      ['interrupted', 'superseded', second],
      ['rollback', 'superseded', third],
      ['pending', null, null],
    ]);
    expect(await world.ready(thread)).toEqual([third]);
    await finish();
  });

  test('cancelled in the middle of a lane leave it in order; when the head is cancelled, the next one becomes ready', async () => {
    const thread = randomUUID();
    const { runIds } = await world.admit([create(thread), create(thread), create(thread)]);
    const [first, second, third] = runIds;
    await world.admit([cancelOne(thread, second)]);
    expect(await world.ready(thread)).toEqual([first]);
    const { report } = await world.admit([cancelOne(thread, first, 'rollback')]);
    expect(report.readyCount).toBe(1);
    expect(await world.ready(thread)).toEqual([third]);
    expect(await world.thread(thread)).toEqual(['busy', 'idle']);
    await world.admit([cancelOne(thread, third)]);
    expect(await world.runs(runIds)).toEqual([
      ['rollback', 'cancelled', null],
      ['interrupted', 'cancelled', null],
      ['interrupted', 'cancelled', null],
    ]);
    expect(await world.thread(thread)).toEqual(['idle', 'idle']);
    expect((await world.events(thread)).map(({ status }) => status)).toEqual([
      'busy',
      'busy',
      'busy',
      'busy',
      'busy',
      'idle',
    ]);
  });

  test('that are all cancelled give the thread its former status back', async () => {
    const thread = randomUUID();
    await world.admit([create(thread)]);
    await world.settle(await world.claimOne(), failed);
    expect(await world.thread(thread)).toEqual(['error', 'error']);
    await world.admit([create(thread), create(thread)]);
    expect(await world.thread(thread)).toEqual(['busy', 'error']);
    await world.admit([cancelAll(thread)]);
    expect(await world.thread(thread)).toEqual(['error', 'error']);
    expect((await world.events(thread)).at(-1)).toMatchObject({ type: 'run.interrupted', status: 'error' });
  });

  test('that are scheduled end without joining the lane, and never become due', async () => {
    const thread = randomUUID();
    const { runIds } = await world.admit([
      create(thread, { after_seconds: 0.01 }),
      create(thread, { after_seconds: 60 }),
    ]);
    await world.admit([cancelAll(thread, 'rollback')]);
    expect(await world.runs(runIds)).toEqual([
      ['rollback', 'cancelled', null],
      ['rollback', 'cancelled', null],
    ]);
    expect(await world.thread(thread)).toEqual(['idle', 'idle']);
    const isDue = `select now() > created_at + interval '0.1 seconds' as is_due from runlane.runs where run_id = $1`;
    await eventually(
      async () => (await world.rows.pool.query<{ is_due: boolean }>(isDue, [runIds[0]])).rows[0]?.is_due,
      { what: 'the time has come at which it would have joined' },
    );
    expect(await createScheduledRuns(world.rows.database).joinDue(10)).toEqual({ joinedCount: 0, readyCount: 0 });
  });

  test('that are temporary remove their thread, and their events show none', async () => {
    const runId = randomUUID();
    const thread = threadIdOfStatelessRun(runId);
    await world.admit([{ create: { thread_id: null, run_id: runId } }]);
    expect(await world.thread(thread)).toEqual(['busy', 'idle']);
    await world.admit([{ cancel: { run_id: runId } }]);
    expect(await world.runs([runId])).toEqual([['interrupted', 'cancelled', null]]);
    expect(await world.thread(thread)).toBeNull();
    expect((await world.events(thread)).map(({ status }) => status)).toEqual([null, null]);
  });
});

describe('a running run', () => {
  test('is asked to stop; its successor waits until it has stopped, and the first supersession counts', async () => {
    const thread = randomUUID();
    const [running] = (await world.admit([create(thread)])).runIds;
    const claimed = await world.claimOne();
    const { runIds, report } = await world.admit([rollingBack(thread), interrupting(thread), cancelAll(thread)]);
    expect(report.cancelled).toContainEqual({ action: 'rollback', reason: 'superseded', endedCount: 0, askedCount: 1 });
    expect(world.hints.given).toContain('stops_requested');
    expect(await world.runs([running ?? '', ...runIds.slice(0, 2)])).toEqual([
      ['running', 'superseded', runIds[0]],
      ['interrupted', 'superseded', runIds[1]],
      ['interrupted', 'cancelled', null],
    ]);
    expect(await world.thread(thread)).toEqual(['busy', 'idle']);
    expect(await world.ready(thread)).toEqual([]);
    const [next] = (await world.admit([create(thread)])).runIds;
    expect(await world.ready(thread)).toEqual([]);
    await world.settle(claimed, failed);
    expect(await world.ready(thread)).toEqual([next]);
    await finish();
  });

  test('that was superseded stays superseded when it is cancelled by name', async () => {
    const thread = randomUUID();
    const [running] = (await world.admit([create(thread)])).runIds;
    const claimed = await world.claimOne();
    const [successor] = (await world.admit([rollingBack(thread)])).runIds;
    const { report } = await world.admit([cancelOne(thread, running)]);
    expect(report.cancelled).toEqual([]);
    await world.settle(claimed, failed);
    expect(await world.runs([running ?? ''])).toEqual([['rollback', 'superseded', successor]]);
    await finish();
  });

  test('blocks a request with reject until it has stopped', async () => {
    const thread = randomUUID();
    const [running] = (await world.admit([create(thread)])).runIds;
    const claimed = await world.claimOne();
    const { runIds } = await world.admit([cancelAll(thread), create(thread, { multitask_strategy: 'reject' })]);
    expect(await world.runs([runIds[1] ?? ''])).toEqual([['rejected', 'thread_busy', null]]);
    expect((await world.events(thread)).at(-1)).toMatchObject({ details: { blocked_by: running }, status: 'busy' });
    await world.settle(claimed, failed);
  });
});

test('a thread that has only a scheduled run is busy for a request with reject', async () => {
  const thread = randomUUID();
  const { runIds } = await world.admit([create(thread, { after_seconds: 60 })]);
  const rejected = await world.admit([create(thread, { multitask_strategy: 'reject' })]);
  expect(await world.runs(rejected.runIds)).toEqual([['rejected', 'thread_busy', null]]);
  expect((await world.events(thread)).at(-1)).toMatchObject({ details: { blocked_by: runIds[0] } });
  await world.admit([cancelAll(thread)]);
});

test('I4: a log that is read again, cancels included, changes nothing', async () => {
  const thread = randomUUID();
  const at = (offset: number) => 500_000 + offset;
  const log = [
    requestAt(at(0), { thread_id: thread }),
    cancelAt(at(1), { thread_id: thread }),
    requestAt(at(2), { thread_id: thread }),
    requestAt(at(3), { thread_id: thread, multitask_strategy: 'interrupt' }),
    requestAt(at(4), { thread_id: thread, after_seconds: 60 }),
  ];
  const ids = log.flatMap((content) => (content.kind === 'create' ? [content.runId] : []));
  await world.receive(log, 'first');
  const before = [await world.runs(ids), await world.thread(thread), await world.events(thread)];
  const report = await world.receive(log, 'second');
  expect(report).toMatchObject({ admittedCount: 0, repeatCount: 4, cancelled: [] });
  expect([await world.runs(ids), await world.thread(thread), await world.events(thread)]).toEqual(before);
  expect(await world.ready(thread)).toEqual([ids[2]]);
  await finish();
});

test('I4: a cancel that is read again spares runs after it in the log, also when it still finds a run from another partition', async () => {
  const thread = randomUUID();
  const at = (offset: number) => 600_000 + offset;
  const cancel = cancelAt(at(0), { thread_id: thread });
  const later = requestAt(at(1), { thread_id: thread });
  await world.receive([cancel, later], 'first');
  const elsewhere = requestAt(at(9), { thread_id: thread });
  // A producer with another partitioner: no order holds between its runs and the cancel.
  await world.receive([{ ...elsewhere, coordinates: { ...elsewhere.coordinates, partition: 7 } }], 'first');
  await world.receive([cancel, later], 'second');
  expect(await world.runs([later.runId, elsewhere.runId])).toEqual([
    ['pending', null, null],
    ['interrupted', 'cancelled', null],
  ]);
  await finish();
});

test('a run that is claimed while a batch cancels its thread is either waiting or running, never both', async () => {
  for (let round = 0; round < 30; round += 1) {
    const thread = randomUUID();
    const [runId] = (await world.admit([create(thread)])).runIds;
    const [, claimed] = await Promise.all([world.admit([interrupting(thread)]), world.claim()]);
    const isClaimed = claimed.some((run) => run.runId === runId);
    expect((await world.runs([runId ?? '']))[0]?.[0]).toBe(isClaimed ? 'running' : 'interrupted');
    for (const run of claimed) await world.settle(run, failed);
    await finish();
  }
});
