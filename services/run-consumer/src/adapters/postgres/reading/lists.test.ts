/**
 * Real: Postgres, the migrations and the statements. Decides: the rows of the lists, and that their pages fit together.
 */
import { randomUUID } from 'node:crypto';
import { pagesRead } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { EndedPage, EndedPlace, RunReader } from '../../../app/read-runs.ts';
import type { ThreadReader } from '../../../app/read-threads.ts';
import { openRuns, openThreads } from '../../../ledger.ts';
import { sql } from '../statements.ts';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';

let rows: RunRows;
let threads: ThreadReader;
let runs: RunReader;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  threads = openThreads(rows.database, 'public');
  runs = openRuns(rows.database);
});
afterAll(() => rows[Symbol.asyncDispose]());

async function addLane(threadId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await rows.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, source_topic, source_partition, source_offset)
     select run_id, $1, 'a', 'a', 'pending', 'enqueue', '{}', '', '{}', position, 't', 0, 0
     from unnest($2::uuid[]) with ordinality as given (run_id, position)`,
    [threadId, ids],
  );
  return ids;
}

test('lanes are ordered by thread, each with its depth and its first run; pages meet, and shallow lanes can be left out', async () => {
  const first = new Map<string, string | undefined>();
  for (const [index, count] of [1, 3, 2, 5, 1].entries()) {
    const threadId = `lane ${index}`;
    await rows.pool.query(`insert into runlane.threads (thread_id, status, first_partition) values ($1, 'busy', 0)`, [
      threadId,
    ]);
    first.set(threadId, (await addLane(threadId, count))[0]);
  }
  const asked = { after: null, lookLimit: 3, depthLimit: 4, minDepth: 1 };
  const one = await threads.lanes(asked);
  expect(one.lanes.map(({ threadId, depth }) => [threadId, depth])).toEqual([
    ['lane 0', 1],
    ['lane 1', 3],
    ['lane 2', 2],
  ]);
  expect(one.lookedThrough).toBe('lane 2');
  const two = await threads.lanes({ ...asked, after: one.lookedThrough });
  expect(two).toEqual({
    lookedThrough: null,
    lanes: [
      { threadId: 'lane 3', depth: 4, headRunId: first.get('lane 3') },
      { threadId: 'lane 4', depth: 1, headRunId: first.get('lane 4') },
    ],
  });
  const deep = await threads.lanes({ ...asked, minDepth: 3 });
  expect(deep.lanes.map(({ threadId }) => threadId)).toEqual(['lane 1']);
  const none = await threads.lanes({ ...asked, minDepth: 10 });
  expect(none).toEqual({ lanes: [], lookedThrough: 'lane 2' });
  const heads = await runs.these([...first.values()].flatMap((id) => id ?? []));
  expect([...heads.values()].map(({ waitsFor }) => waitsFor?.kind)).toEqual(Array(5).fill('no_graph'));
});

test('a thread is in the list of paused threads from its pause to its next run', async () => {
  const setStatus = (threadId: string, status: string, resting: string) =>
    rows.pool.query('update runlane.threads set status = $2, resting_status = $3 where thread_id = $1', [
      threadId,
      status,
      resting,
    ]);
  const ids = ['c', 'a', 'b'];
  for (const id of ids) {
    await rows.pool.query(`insert into runlane.threads (thread_id, status, first_partition) values ($1, 'busy', 0)`, [
      id,
    ]);
    await setStatus(id, 'interrupted', 'interrupted');
  }
  const page = await threads.paused(null, 2);
  expect(page.map(({ threadId }) => threadId)).toEqual(['c', 'a']);
  const [, last] = page;
  if (last === undefined) throw new Error('The first page has two threads.');
  expect((await threads.paused(last, 2)).map(({ threadId }) => threadId)).toEqual(['b']);

  await setStatus('c', 'busy', 'interrupted');
  await rows.pool.query(`delete from runlane.threads where thread_id = 'a'`);
  expect((await threads.paused(null, 9)).map(({ threadId }) => threadId)).toEqual(['b']);
  await setStatus('c', 'interrupted', 'interrupted');
  expect((await threads.paused(null, 9)).map(({ threadId }) => threadId)).toEqual(['b', 'c']);
});

test('ended runs are listed page by page, the latest first, also those that ended at the same time', async () => {
  await addLane('ended', 5);
  await rows.pool.query(
    `update runlane.runs set status = 'success', run_ended_at = timestamptz '2026-01-01' + mod(lane_position, 3) * interval '1 microsecond' where thread_id = 'ended'`,
  );
  const seen: string[] = [];
  let before: EndedPlace | null = null;
  do {
    const page: EndedPage = await runs.ended(before, 2);
    seen.push(...page.runs.map(({ runId }) => runId));
    before = page.next;
  } while (before !== null);
  expect(new Set(seen).size).toBe(5);
  expect(seen).toHaveLength(5);
});

test('a search by status looks at as many threads as it may, and pages meet', async () => {
  for (const [index, status] of ['error', 'idle', 'error', 'idle', 'error'].entries()) {
    await rows.pool.query(
      `insert into runlane.threads (thread_id, status, resting_status, first_partition) values ($1, $2, $2, 0)`,
      [`seek ${index}`, status],
    );
  }
  const ids = async (after: string, lookLimit: number, limit: number) => {
    const { threads: found, next, lookedCount } = await threads.search('error', after, { lookLimit, limit });
    return { ids: found.map(({ threadId }) => threadId), next, lookedCount };
  };
  expect(await ids('seek', 2, 9)).toEqual({ ids: ['seek 0'], next: 'seek 1', lookedCount: 2 });
  expect(await ids('seek 0', 1, 9)).toEqual({ ids: [], next: 'seek 1', lookedCount: 1 });
  expect(await ids('seek', 4, 2)).toEqual({ ids: ['seek 0', 'seek 2'], next: 'seek 2', lookedCount: 4 });
  expect(await ids('seek 2', 1_000, 9)).toMatchObject({ ids: ['seek 4'], next: null });
});

test('a search by a status that no thread has reads no more pages than it may', async () => {
  await rows.pool.query(
    `insert into runlane.threads (thread_id, status, resting_status, first_partition)
     select 'many ' || lpad(n::text, 5, '0'), 'idle', 'idle', 0 from generate_series(1, 20000) as n`,
  );
  await rows.pool.query('vacuum (analyze) runlane.threads');
  const pagesOf = (lookLimit: number) =>
    pagesRead(rows.pool, sql.searchThreads, { status: 'error', after: 'many', look_limit: lookLimit, limit: 50 });
  const bounded = await pagesOf(500);
  expect(bounded).toBeLessThan(30);
  // What is compared with is no accident of the plan: the whole costs in proportion.
  expect(await pagesOf(20_000)).toBeGreaterThan(10 * bounded);
});

test('a search by metadata, graph and status finds threads by their runs, the latest first, and pages meet', async () => {
  await rows.pool.query(
    `with made as (
       insert into runlane.threads (thread_id, status, resting_status, first_partition)
       select 'meta ' || n, case when n % 2 = 0 then 'idle' else 'error' end, case when n % 2 = 0 then 'idle' else 'error' end, 0
       from generate_series(1, 6) as n
     )
     insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, run_ended_at, source_topic, source_partition, source_offset)
     select gen_random_uuid(), 'meta ' || n, 'a', case when n < 4 then 'one' else 'two' end, 'success', 'enqueue', '{}', '',
       jsonb_build_object('tenant', 'acme', 'user', n, 'list', '[1]'::jsonb), 1,
       '2020-01-01'::timestamptz + (n / 2) * interval '1 microsecond', 't', 0, n
     from generate_series(1, 6) as n`,
  );
  const none = { graph: null, pairs: [], threadStatus: null };
  const bounds = { lookLimit: 1_000, limit: 100 };
  const found = async (conditions: Partial<Parameters<ThreadReader['searchEnded']>[0]>) => {
    const page = await threads.searchEnded({ ...none, ...conditions }, null, bounds);
    return page.threads.map(({ threadId }) => threadId.slice(5)).toSorted();
  };
  expect(await found({ pairs: [{ key: 'tenant', values: ['acme'] }] })).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(
    await found({
      pairs: [
        { key: 'tenant', values: ['acme'] },
        { key: 'user', values: ['3', 3] },
      ],
    }),
  ).toEqual(['3']);
  expect(await found({ pairs: [{ key: 'user', values: ['3'] }] })).toEqual([]);
  expect(await found({ pairs: [{ key: 'list', values: [1] }] })).toEqual([]);
  expect(await found({ graph: 'two', threadStatus: 'error' })).toEqual(['5']);
  const seen: string[] = [];
  let place: EndedPlace | null = null;
  do {
    const page: Awaited<ReturnType<ThreadReader['searchEnded']>> = await threads.searchEnded(
      { ...none, pairs: [{ key: 'tenant', values: ['acme'] }], threadStatus: 'idle' },
      place,
      { lookLimit: 2, limit: 1 },
    );
    expect(page.lookedCount).toBeLessThanOrEqual(2);
    seen.push(...page.threads.map(({ threadId }) => threadId));
    place = page.next;
  } while (place !== null);
  expect(seen).toEqual(['meta 6', 'meta 4', 'meta 2']);
});
