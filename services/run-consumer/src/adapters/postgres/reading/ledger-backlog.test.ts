/** Real: Postgres and the ledger. Decides: the counts of lanes, events and executors, and the metrics of them. */
import { recordingLog } from '../../../app/recording-ports.fixture.ts';
import { watchBacklogUntil } from '../../../app/watch-backlog.ts';
import { createRunConsumerMetrics } from '../../../metrics.ts';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';
import { readBacklog } from './ledger-backlog.ts';

let rows: RunRows;
beforeEach(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterEach(() => rows[Symbol.asyncDispose]());

/** Adds a lane of pending runs. */
async function addLane(threadId: string, count: number): Promise<void> {
  await rows.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, source_topic, source_partition, source_offset)
     select gen_random_uuid(), $1, 'a', 'a', 'pending', 'enqueue', '{}', '', '{}', position, 't', 0, 0
     from generate_series(1, $2) as position`,
    [threadId, count],
  );
}

test('in an empty ledger nothing waits', async () => {
  expect(await readBacklog(rows.database)).toEqual({
    lanesByDepth: { '1': 0, '2-10': 0, '11-100': 0, '101+': 0 },
    unpublishedCount: 0,
    oldestUnpublishedSeconds: 0,
    executorCount: 0,
    runsByStatus: { running: 0, pending: 0 },
    scheduledCount: 0,
    pausedCount: 0,
    oldestPausedSeconds: 0,
  });
});

test('lanes are counted by depth, events until they are published, and executors while their lease lasts', async () => {
  for (const [index, count] of [1, 1, 2, 10, 11, 100, 101, 250].entries()) await addLane(`thread ${index}`, count);
  await rows.pool.query(
    `insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, occurred_at, published_at)
     values
       (gen_random_uuid(), 'x', 'run.pending', 1, 0, now() - interval '1 hour', now()),
       (gen_random_uuid(), 'x', 'run.pending', 1, 0, now() - interval '90 seconds', null),
       (gen_random_uuid(), 'x', 'run.pending', 1, 0, now(), null)`,
  );
  await rows.pool.query(
    `insert into runlane.executors (executor_id, host, expires_at)
     values (gen_random_uuid(), 'here', now() + interval '1 hour'), (gen_random_uuid(), 'gone', now() - interval '1 second')`,
  );

  const backlog = await readBacklog(rows.database);
  expect(backlog).toMatchObject({
    lanesByDepth: { '1': 2, '2-10': 2, '11-100': 2, '101+': 2 },
    unpublishedCount: 2,
    executorCount: 1,
    runsByStatus: { running: 0, pending: 476 },
    scheduledCount: 0,
  });
  expect(backlog.oldestUnpublishedSeconds).toBeGreaterThanOrEqual(90);
});

test('runs are counted by status until they end, and scheduled ones besides', async () => {
  for (const thread of ['a', 'b', 'c']) await addLane(thread, 2);
  const change = (thread: string, position: number, to: string) =>
    rows.pool.query(`update runlane.runs set ${to} where thread_id = $1 and lane_position = $2`, [thread, position]);
  await change('a', 1, `status = 'running', executor_id = gen_random_uuid()`);
  await change('b', 1, `status = 'success', run_ended_at = now()`);
  await change('c', 2, `scheduled_at = now() + interval '1 hour', lane_position = null`);
  expect(await readBacklog(rows.database)).toMatchObject({
    runsByStatus: { running: 1, pending: 4 },
    scheduledCount: 1,
  });
});

test('threads are counted while they are paused', async () => {
  await rows.pool.query(
    `insert into runlane.threads (thread_id, status, first_partition) values ('a', 'busy', 0), ('b', 'busy', 0), ('c', 'busy', 0)`,
  );
  await rows.pool.query(
    `update runlane.threads set status = 'interrupted', resting_status = 'interrupted' where thread_id <> 'c'`,
  );
  await rows.pool.query(
    `update runlane.paused_threads set paused_at = now() - interval '2 hours' where thread_id = 'a'`,
  );
  const paused = await readBacklog(rows.database);
  expect(paused.pausedCount).toBe(2);
  expect(paused.oldestPausedSeconds).toBeGreaterThanOrEqual(7_200);
  await rows.pool.query(`update runlane.threads set status = 'busy' where thread_id = 'a'`);
  expect(await readBacklog(rows.database)).toMatchObject({ pausedCount: 1 });
});

test('a value that could not be read has no sample, instead of an old one', async () => {
  const metrics = createRunConsumerMetrics();
  const end = new AbortController();
  const shown: boolean[] = [];
  let looks = 0;
  await watchBacklogUntil(end.signal, {
    read: async () => {
      looks += 1;
      if (looks === 2) throw new Error('the database is away');
      return readBacklog(rows.database);
    },
    delay: async () => {
      shown.push(/^runlane_outbox_unpublished_events\{/m.test(await metrics.registry.metrics()));
      if (looks === 3) end.abort();
    },
    monotonicMs: () => 0,
    onBacklog: (backlog) => metrics.setBacklog(backlog),
    logger: recordingLog().logger,
  });
  expect(shown).toEqual([true, false, true]);
  expect(await metrics.registry.metrics()).not.toMatch(
    /^runlane_(outbox|busy_lanes|executors|unfinished_runs|scheduled_runs|paused_threads)\w*\{/m,
  );
});
