/**
 * Lanes that are too long to be ended in one transaction. Real: Postgres. Doubled: Kafka, and executors, which claim
 * and settle on request. Decides: the rows of runs and threads, and the outbox.
 */
import { randomUUID } from 'node:crypto';
import { Database, createPool, withTransaction } from '@runlane/postgres';
import { eventually, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { requestAt } from '../../../domain/factories.fixture.ts';
import { readRuns } from '../../../app/read-runs.ts';
import type { Outcome } from '../../../domain/run.ts';
import { createAdmissionLedger } from '../admission-ledger.ts';
import { LedgerWorld } from '../ledger-world.fixture.ts';
import type { LogEntry } from '../ledger-world.fixture.ts';
import { createRunReading } from '../reading/run-reading.ts';
import { createScheduledRuns } from './scheduled-runs.ts';
import { createThreadCheckpoints } from '../thread-checkpoints.ts';

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.endedAtOnce = 2;
});

const create = (thread: string, json: Record<string, string | number | null> = {}): LogEntry => ({
  create: { thread_id: thread, ...json },
});
const superseding = (thread: string, strategy = 'interrupt') => create(thread, { multitask_strategy: strategy });
const cancelAll = (thread: string, action = 'interrupt'): LogEntry => ({ cancel: { thread_id: thread, action } });
const failed: Outcome = { kind: 'failed', reason: 'graph_error', error: { error: 'E', message: 'm' }, head: null };
const lost: Outcome = {
  kind: 'handed_back',
  spendsAttempt: false,
  isolate: false,
  error: { error: 'E', message: 'its executor is gone' },
};

/** Admits so many runs of a new thread. */
async function lane(count: number): Promise<{ thread: string; runIds: string[] }> {
  const thread = randomUUID();
  return { thread, ...(await world.admit(Array.from({ length: count }, () => create(thread)))) };
}

test('10,000 runs are superseded under a small statement timeout, no more than 500 in a transaction, in lane order', async () => {
  world.endedAtOnce = 500;
  const { thread, runIds } = await lane(1);
  await world.rows.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request,
       fingerprint, metadata, lane_position, source_topic, source_partition, source_offset)
     select gen_random_uuid(), $1, assistant_id, graph_id, 'pending', 'enqueue', request, fingerprint, metadata,
       lane_position + n, source_topic, 7, n
     from runlane.runs, generate_series(1, 9999) as n where run_id = $2`,
    [thread, runIds[0]],
  );
  await world.rows.pool.query('update runlane.threads set next_lane_position = 10001 where thread_id = $1', [thread]);
  const pool = createPool({
    url: world.rows.databaseUrl,
    applicationName: 'test',
    logger: silentLogger,
    statementTimeoutMs: 2_000,
  });
  try {
    const ledger = createAdmissionLedger(new Database(pool), 'hurried', createThreadCheckpoints('public'));
    const request = requestAt(700_000, { thread_id: thread, multitask_strategy: 'interrupt' });
    const report = await world.receive([request], 'hurried', ledger);
    expect(report).toMatchObject({ markedLaneCount: 1, cancelled: [{ endedCount: 500, askedCount: 0 }] });
    expect(await world.ready(thread)).toEqual([request.runId]);
    expect(await world.endAll(thread, 500, pool)).toEqual([...Array.from({ length: 19 }, () => 500), 0]);
    const { rows: transactions } = await world.rows.pool.query<{ count: number }>(
      `select count(*)::integer as count from runlane.outbox
       where thread_id = $1 and type = 'run.interrupted' group by xmin::text`,
      [thread],
    );
    expect(transactions.map(({ count }) => count)).toEqual(Array.from({ length: 20 }, () => 500));
    const events = await world.events(thread);
    expect(events).toHaveLength(10_002);
    expect(events[1]).toMatchObject({ run: request.runId, type: 'run.pending' });
    expect(new Set(events.slice(2).map((event) => JSON.stringify({ ...event, run: '' })))).toEqual(
      new Set([
        JSON.stringify({
          run: '',
          type: 'run.interrupted',
          sequence: 2,
          status: 'busy',
          details: { reason: 'superseded', superseded_by: request.runId },
        }),
      ]).add(JSON.stringify({ ...events[2], run: '' })),
    );
    const inLaneOrder = await world.rows.pool.query<{ sorted: boolean }>(
      `select bool_and(lane_position > previous) as sorted from (
         select lane_position, lag(lane_position, 1, 0::bigint) over (order by outbox_id) as previous
         from runlane.outbox join runlane.runs using (run_id)
         where outbox.thread_id = $1 and type = 'run.interrupted') as ordered`,
      [thread],
    );
    expect(inLaneOrder.rows).toEqual([{ sorted: true }]);
  } finally {
    await pool.end();
  }
  await world.finish();
});

test('a marked run counts as ended: for status, reject, repeats and cancels; a second mark waits for its turn', async () => {
  const { thread, runIds } = await lane(5);
  const { report } = await world.admit([cancelAll(thread, 'rollback')]);
  expect(report).toMatchObject({ markedLaneCount: 1, cancelled: [{ action: 'rollback', endedCount: 2 }] });
  expect(await world.thread(thread)).toEqual(['idle', 'idle']);
  expect(await world.ready(thread)).toEqual([]);

  const next = await world.admit([
    create(thread, { multitask_strategy: 'reject' }),
    { cancel: { thread_id: thread, run_id: runIds[4] ?? '' } },
    create(thread),
    create(thread),
    create(thread, { after_seconds: 60 }),
  ]);
  expect(next.report).toMatchObject({ admittedCount: 4, cancelled: [], deadLetters: [] });
  expect(await world.ready(thread)).toEqual([next.runIds[0]]);
  expect((await world.admit([cancelAll(thread)])).report).toMatchObject({
    markedLaneCount: 1,
    cancelled: [{ action: 'interrupt', endedCount: 2 }],
  });

  expect(await world.endAll(thread, 1)).toEqual([1, 1, 1, 0, 1, 1, 0]);
  expect(await world.statuses(runIds)).toEqual(Array.from({ length: 5 }, () => 'rollback'));
  const others = next.runIds.filter((runId) => runId !== '');
  expect(await world.statuses(others)).toEqual(Array.from({ length: 4 }, () => 'interrupted'));
  expect(await world.thread(thread)).toEqual(['idle', 'idle']);
  const late = (await world.events(thread)).slice(-5);
  expect(late.map(({ run, status }) => [run, status])).toEqual(
    [...runIds.slice(2), ...others.slice(2)].map((runId) => [runId, 'idle']),
  );
});

test('I9: the running run keeps the lane whatever its position, and the first run after the mark follows it', async () => {
  const { thread } = await lane(5);
  const running = await world.claimOne();
  const [successor] = (await world.admit([superseding(thread)])).runIds;
  expect(await world.ready(thread)).toEqual([]);
  await world.endSlice(thread, 1);
  expect(await world.ready(thread)).toEqual([]);
  expect(await world.settle(running, failed)).toBe('successor_ready');
  expect(await world.ready(thread)).toEqual([successor]);
  expect(await world.endAll(thread, 1)).toEqual([1, 0]);
  expect(await world.ready(thread)).toEqual([successor]);
  await world.finish();
});

test('a marked run that a process of a version without marks has claimed is asked to stop, and ends when it was handed back', async () => {
  for (const goesBack of [false, true]) {
    const { thread, runIds } = await lane(5);
    const first = await world.claimOne();
    const [successor] = (await world.admit([superseding(thread)])).runIds;
    await world.settle(first, failed);
    // What such a process does: of all that wait it takes the lowest position.
    await world.rows.pool.query(
      'update runlane.runs set ready_at = case when run_id = $2 then clock_timestamp() end where run_id = any ($1)',
      [[successor, runIds[3]], runIds[3]],
    );
    const claimed = await world.claimOne();
    expect(claimed.runId).toBe(runIds[3]);
    if (goesBack) await world.settle(claimed, lost);
    const slice = await world.endSlice(thread, 2);
    expect(slice).toMatchObject({
      readyCount: goesBack ? 1 : 0,
      cancelled: [goesBack ? { endedCount: 2, askedCount: 0 } : { endedCount: 1, askedCount: 1 }],
    });
    const stop = await world.stopOf(claimed);
    const asked = `interrupt superseded ${successor}`;
    expect(stop && `${stop.action} ${stop.reason} ${stop.supersededBy}`).toBe(goesBack ? null : asked);
    if (stop !== null) await world.settle(claimed, { kind: 'interrupted', stop, head: null });
    await world.endAll(thread);
    expect(await world.statuses(runIds)).toEqual(['error', ...Array.from({ length: 4 }, () => 'interrupted')]);
    expect(await world.ready(thread)).toEqual([successor]);
    await world.finish();
  }
});

test('scheduled runs are marked too, and none of them joins the lane', async () => {
  const thread = randomUUID();
  const later = () => create(thread, { after_seconds: 3_600 });
  const { runIds } = await world.admit([create(thread), later(), later(), later(), create(thread)]);
  // As a version without marks has admitted it.
  await world.rows.pool.query('update runlane.runs set admission_position = null where run_id = $1', [runIds[3]]);
  expect((await world.admit([cancelAll(thread)])).report).toMatchObject({
    markedLaneCount: 1,
    cancelled: [{ endedCount: 3 }],
  });
  expect(await world.statuses(runIds)).toEqual(['interrupted', 'pending', 'pending', 'interrupted', 'interrupted']);
  expect(await world.thread(thread)).toEqual(['idle', 'idle']);
  await world.rows.pool.query('update runlane.runs set scheduled_at = now() where run_id = any ($1)', [
    runIds.slice(1, 3),
  ]);
  expect(await createScheduledRuns(world.rows.database).joinDue(100)).toEqual({ joinedCount: 0, readyCount: 0 });
  await world.endAll(thread);
  expect(await world.statuses(runIds)).toEqual(Array.from({ length: 5 }, () => 'interrupted'));
});

test('a thread that is locked is left alone, and a slice whose transaction dies has ended nothing', async () => {
  const { thread, runIds } = await lane(5);
  await world.admit([superseding(thread, 'rollback')]);
  await withTransaction(world.rows.pool, async (client) => {
    await client.query('select from runlane.threads where thread_id = $1 for update', [thread]);
    expect(await world.endSlice(thread, 2)).toBeNull();
  });
  const events = await world.events(thread);
  await withTransaction(world.rows.pool, async (client) => {
    // The last of its statements waits for this one.
    await client.query('select from runlane.lane_ends where thread_id = $1 for update', [thread]);
    const { rows: own } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const end = world.endSlice(thread, 2).then(() => 'it has ended', String);
    await eventually(
      async () => {
        // Within a transaction the activity does not change.
        const { rowCount } = await world.rows.pool.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and $1 = any (pg_blocking_pids(pid))`,
          [own[0]?.pid],
        );
        return rowCount === 1;
      },
      { what: 'the slice waits, and dies' },
    );
    expect(await end).toContain('The database is not available.');
  });
  expect(await world.events(thread)).toEqual(events);
  expect(await world.endAll(thread)).toEqual([2, 1]);
  expect(await world.statuses(runIds)).toEqual(Array.from({ length: 5 }, () => 'rollback'));
  await world.finish();
});

test('a marked run is shown as ended, and is ahead of no other run', async () => {
  const { thread, runIds } = await lane(5);
  const { runIds: successors } = await world.admit([superseding(thread), create(thread)]);
  const listed = await readRuns(createRunReading(world.rows.database)).list({
    threadId: thread,
    endedSince: new Date(0),
    limit: 100,
  });
  const waits = new Map(listed.map(({ runId, waitsFor }) => [runId, waitsFor]));
  expect(runIds.slice(2).map((runId) => waits.get(runId))).toEqual(runIds.slice(2).map(() => ({ kind: 'ending' })));
  expect(waits.get(successors[1] ?? '')).toEqual({ kind: 'behind', runId: successors[0], aheadCount: 1 });
  await world.endAll(thread);
  await world.finish();
});
