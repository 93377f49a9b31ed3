/**
 * Superseding and cancelling on real Postgres. Doubled: Kafka, and executors, which claim and settle as told. Decides:
 * the rows of runs and threads, and the outbox.
 */
import { randomUUID } from 'node:crypto';
import { threadIdOfStatelessRun } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancelAt, requestAt } from '../../domain/factories.fixture.ts';
import type { Outcome } from '../../domain/run.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import type { LogEntry } from './ledger-world.fixture.ts';
import { createScheduledRuns } from './scheduled-runs.ts';

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

/** Ends what a test has left, so that the next one finds nothing ready. */
async function finish(): Promise<void> {
  for (let runs = await world.claim(); runs.length > 0; runs = await world.claim()) {
    for (const run of runs) await world.settle(run, failed);
  }
}

describe('waiting runs', () => {
  test('10,000 of a thread are superseded in one statement, each with its event, in lane order', async () => {
    const thread = randomUUID();
    const first = await world.admit([create(thread)]);
    await world.rows.pool.query(
      `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request,
         fingerprint, metadata, lane_position, source_topic, source_partition, source_offset)
       select gen_random_uuid(), $1, assistant_id, graph_id, 'pending', 'enqueue', request, fingerprint, metadata,
         lane_position + n, source_topic, 7, n
       from runlane.runs, generate_series(1, 9999) as n where run_id = $2`,
      [thread, first.runIds[0]],
    );
    await world.rows.pool.query('update runlane.threads set next_lane_position = 10001 where thread_id = $1', [thread]);
    const startedMs = performance.now();
    const { runIds, report } = await world.admit([interrupting(thread)]);
    const tookMs = performance.now() - startedMs;

    expect(report.cancelled).toEqual([
      { action: 'interrupt', reason: 'superseded', endedCount: 10_000, askedCount: 0 },
    ]);
    expect(tookMs).toBeLessThan(10_000);
    const events = await world.events(thread);
    expect(events).toHaveLength(10_002);
    expect(events[1]).toMatchObject({ run: runIds[0], type: 'run.pending' });
    expect(events[2]).toMatchObject({
      run: first.runIds[0],
      type: 'run.interrupted',
      sequence: 2,
      status: 'busy',
      details: { reason: 'superseded', superseded_by: runIds[0] },
    });
    const inLaneOrder = await world.rows.pool.query<{ sorted: boolean }>(
      `select bool_and(lane_position > previous) as sorted from (
         select lane_position, lag(lane_position, 1, 0::bigint) over (order by outbox_id) as previous
         from runlane.outbox join runlane.runs using (run_id)
         where outbox.thread_id = $1 and type = 'run.interrupted') as ordered`,
      [thread],
    );
    expect(inLaneOrder.rows).toEqual([{ sorted: true }]);
    expect(await world.ready(thread)).toEqual(runIds);
    await finish();
  });

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

  test('cancelled in the middle of a lane leave it in order; of its head, the next one becomes ready', async () => {
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

  test('all cancelled give the thread the status back that it had', async () => {
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

  test('that are scheduled end without having joined, and nothing of them becomes due', async () => {
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
    expect(await createScheduledRuns(world.rows.pool).joinDue(10)).toEqual({ joinedCount: 0, readyCount: 0 });
  });

  test('that are temporary take their thread with them and show none', async () => {
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
  test('is asked to stop; its successor waits until it has, and the first supersession counts', async () => {
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

test('a thread with nothing but a scheduled run is busy for a request with reject', async () => {
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
