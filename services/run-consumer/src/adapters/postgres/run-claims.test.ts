/**
 * Which ready runs a process claims, and the cost of claims. Real: Postgres, the migrations and the statements.
 * Decides: the claimed runs, and the buffers of `explain analyze`, which are the same on a slow machine.
 */
import { query } from '@runlane/postgres';
import { randomUUID } from 'node:crypto';
import { eventually, pagesRead } from '@runlane/testkit';
import { DESCRIPTION } from '../../app/recording-ports.fixture.ts';
import type { ClaimedRun } from '../../domain/run.ts';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { RunRows } from '../langgraph/attempt/run-rows.fixture.ts';
import { createRunClaims } from './run-claims.ts';
import { createRunSettlements } from './run-settlements.ts';
import { createExecutorLeases } from './run-store.ts';
import { sql } from './statements.ts';
import { createThreadCheckpoints } from './thread-checkpoints.ts';

const checkpoints = createThreadCheckpoints('public');

const EXECUTOR = randomUUID();
const FLOOR = '00000000-0000-0000-0000-000000000000';

let rows: RunRows;
beforeEach(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  await createExecutorLeases(rows.database).register(EXECUTOR, DESCRIPTION, 600_000);
});
afterEach(() => rows[Symbol.asyncDispose]());

/** Adds ready runs, each on a thread of its own: the first has waited for so many seconds, each other one a millisecond less. */
async function addReady(graphId: string, count: number, waitedSeconds: number): Promise<string[]> {
  const { rows: added } = await rows.pool.query<{ run_id: string }>(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, ready_at, source_topic, source_partition, source_offset)
     select gen_random_uuid(), gen_random_uuid()::text, $1, $1, 'pending', 'enqueue', '{}', '', '{}', 1,
       now() - $3 * interval '1 second' + n * interval '1 millisecond', 't', 0, 0
     from generate_series(1, $2) as n
     returning run_id`,
    [graphId, count, waitedSeconds],
  );
  return added.map((row) => row.run_id);
}

const claimOf = (graphIds: readonly string[], limit: number) =>
  createRunClaims(rows.database, graphIds, checkpoints).claim(EXECUTOR, limit, []);

const LOOK = { executor_id: EXECUTOR, known_run_ids: [], graph_ids: ['mine'], limit: 28 };
const CLAIM = { executor_id: EXECUTOR, limit: 10, known_run_ids: [], checkpoint_floor: FLOOR };

/** Pages that a claim of 10 runs of the graph `mine` touches, and where the next claim would look from when it took all. */
async function lookOf(lookFrom: Date | null): Promise<{ pages: number; lookFrom: Date | null }> {
  const look = { ...LOOK, look_from: lookFrom };
  const client = await rows.pool.connect();
  try {
    await client.query('begin');
    const [seen] = await query<{ run_ids: string[]; look_from: Date | null }>(client, sql.selectReadyRuns, look);
    if (seen === undefined) throw new Error('No row.');
    const lookPages = await pagesRead(client, sql.selectReadyRuns, look);
    const claimPages = await pagesRead(client, sql.claimRuns, { ...CLAIM, candidate_run_ids: seen.run_ids });
    return { pages: lookPages + claimPages, lookFrom: seen.look_from };
  } finally {
    await client.query('rollback');
    client.release();
  }
}

test('a process claims only runs of its graphs, those that have waited longest first', async () => {
  const [foreign] = await addReady('foreign', 1, 900);
  const [second] = await addReady('b', 1, 200);
  const [first, last] = [...(await addReady('a', 1, 300)), ...(await addReady('a', 1, 100))];

  expect((await claimOf(['a', 'b'], 2)).map(({ runId }) => runId).toSorted()).toEqual([first, second].toSorted());
  const { rows: left } = await rows.pool.query<{ run_id: string }>(
    'select run_id from runlane.runs where ready_at is not null',
  );
  expect(left.map(({ run_id }) => run_id).toSorted()).toEqual([foreign, last].toSorted());
  expect(await claimOf([], 10)).toHaveLength(2);
});

test('a claim has the time for which its run was ready, and the trace of its request', async () => {
  const [runId] = await addReady('mine', 1, 90);
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  await rows.pool.query('update runlane.runs set traceparent = $2 where run_id = $1', [runId, traceparent]);
  const [claimed] = await claimOf(['mine'], 1);
  expect(claimed?.readySeconds).toBeGreaterThan(89);
  expect(claimed).toMatchObject({ runId, traceparent });
  // The answer was lost: nobody can say any more how long it had waited.
  const [again] = await claimOf(['mine'], 1);
  expect(again).toMatchObject({ runId, traceparent, readySeconds: null });
});

test('a claim also returns the runs that the executor owns already, whatever their graphs', async () => {
  const [owned] = await addReady('a', 1, 10);
  await claimOf(['a'], 1);
  expect((await claimOf(['b'], 1)).map(({ runId }) => runId)).toEqual([owned]);
});

test('ready runs of other graphs cost a claim nothing, however many and however long they wait', async () => {
  await addReady('foreign', 20_000, 900);
  await addReady('mine', 1, 1);
  await rows.pool.query('vacuum (analyze) runlane.runs');
  expect((await lookOf(null)).pages).toBeLessThan(80);
  expect(await claimOf(['mine'], 10)).toHaveLength(1);
});

test('in a full queue a claim reads and locks little more than it takes', async () => {
  await addReady('mine', 20_000, 900);
  await rows.pool.query('vacuum (analyze) runlane.runs');
  expect((await lookOf(null)).pages).toBeLessThan(400);
  await rows.inOpenTransaction('begin', async (client) => {
    const [ready] = await query<{ run_ids: string[] }>(client, sql.selectReadyRuns, { ...LOOK, look_from: null });
    await query(client, sql.claimRuns, { ...CLAIM, candidate_run_ids: ready?.run_ids });
    const { rows: free } = await rows.pool.query('select run_id from runlane.runs for update skip locked');
    expect(free).toHaveLength(19_990);
  });
});

test('runs that ended while an old snapshot is open cost the next claims nothing', async () => {
  await rows.inOpenTransaction('begin isolation level repeatable read', async (client) => {
    await client.query('select count(*) from runlane.runs');
    await addReady('mine', 5_000, 3_600);
    await rows.pool.query(
      `update runlane.runs set status = 'success', ready_at = null, run_ended_at = now() where ready_at is not null`,
    );
    await rows.pool.query('vacuum (analyze) runlane.runs');
    await addReady('mine', 1, 0);
    const all = await lookOf(null);
    expect(all.pages).toBeGreaterThan(100);
    expect((await lookOf(all.lookFrom)).pages).toBeLessThan(80);
  });
});

test('runs that others have locked are skipped, and as many free ones are claimed as were asked for', async () => {
  const ids = await addReady('mine', 100, 900);
  await rows.inOpenTransaction('begin', async (client) => {
    await client.query('select from runlane.runs where run_id = any ($1) for update', [ids.slice(0, 60)]);
    expect((await claimOf(['mine'], 10)).map(({ runId }) => runId).toSorted()).toEqual(ids.slice(60, 70).toSorted());
  });
});

test('a run whose transaction took long is found by one of the next full looks', async () => {
  const claims = createRunClaims(rows.database, ['mine'], checkpoints, { lookAtAllEveryMs: 500 });
  expect(await claims.claim(EXECUTOR, 10, [])).toEqual([]);
  await addReady('mine', 1, 3_600);
  await eventually(async () => (await claims.claim(EXECUTOR, 10, [])).length === 1, { what: 'the run is claimed' });
});

test('runs that a full claim leaves are seen by the next one, however long they have waited', async () => {
  const claims = createRunClaims(rows.database, ['mine'], checkpoints, { lookAtAllEveryMs: 600_000 });
  const ids = await addReady('mine', 4, 60);
  const claimed: string[] = [];
  for (let count = 0; count < 4; count += 1) {
    claimed.push(...(await claims.claim(EXECUTOR, 1, claimed)).map(({ runId }) => runId));
  }
  expect(claimed).toEqual(ids);
});

test('a new lease begins with a full look, because without a lease nothing that was seen could be claimed', async () => {
  const claims = createRunClaims(rows.database, ['mine'], checkpoints);
  await addReady('mine', 1, 3_600);
  expect(await claims.claim(randomUUID(), 10, [])).toEqual([]);
  expect(await claims.claim(EXECUTOR, 10, [])).toHaveLength(1);
});

/** Milliseconds until the run of the graph may be claimed again, by the database's clock; 0 for one that may be. */
async function waitOf(graphId: string): Promise<number> {
  const { rows: found } = await rows.pool.query<{ ms: number }>(
    `select greatest(extract(epoch from ready_at - clock_timestamp()) * 1000, 0)::float8 as ms
     from runlane.runs where graph_id = $1`,
    [graphId],
  );
  return found[0]?.ms ?? NaN;
}

/** As time does: what waits is due. */
const letTimePass = () =>
  rows.pool.query(`update runlane.runs set ready_at = least(ready_at, clock_timestamp()) where ready_at is not null`);

/** Milliseconds between the last claim of the graph's run and the time from which it may be claimed again. */
async function pauseAfter(graphId: string, work: () => Promise<void>): Promise<number> {
  const claimedAt = await epochOf('updated_at', graphId);
  await work();
  return Math.round((await epochOf('ready_at', graphId)) - claimedAt);
}

async function epochOf(column: 'updated_at' | 'ready_at', graphId: string): Promise<number> {
  const { rows: found } = await rows.pool.query<{ ms: number }>(
    `select (extract(epoch from ${column}) * 1000)::float8 as ms from runlane.runs where graph_id = $1`,
    [graphId],
  );
  return found[0]?.ms ?? NaN;
}

async function handBack(run: ClaimedRun, spendsAttempt: boolean): Promise<void> {
  const settlements = createRunSettlements(rows.database, checkpoints);
  const { runId, threadId, fencingToken } = run;
  const settlement = { kind: 'requeue', spendsAttempt, isolate: false } as const;
  expect(await settlements.settle([{ runId, threadId, fencingToken, settlement }])).toEqual(['requeued']);
}

async function claimOne(graphId: string): Promise<ClaimedRun> {
  const [run] = await claimOf([graphId], 1);
  if (run === undefined) throw new Error('Nothing is claimed.');
  return run;
}

test('a run that is handed back immediately time and again, without spending an attempt, is claimed at growing intervals', async () => {
  await addReady('mine', 1, 60);
  const waits: number[] = [];
  // From the claim on, however long the machine stands still in between.
  const pauses: number[] = [];
  for (let times = 0; times < 14; times += 1) {
    const run = await claimOne('mine');
    pauses.push(await pauseAfter('mine', () => handBack(run, false)));
    waits.push(await waitOf('mine'));
    await letTimePass();
  }
  // Rolling deploys, a failover: what happens now and then costs nothing.
  expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
  for (const [index, least] of [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000].entries())
    expect(pauses[3 + index]).toBeGreaterThanOrEqual(least);
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(30_000);

  const run = await claimOne('mine');
  expect(run.attempt).toBe(1);
  await handBack(run, false);
  const [other] = await addReady('mine', 1, 0);
  expect((await claimOf(['mine'], 10)).map(({ runId }) => runId)).toEqual([other]);
});

test('a run that spends attempts, or has executed for a while in between, does not wait', async () => {
  await addReady('mine', 1, 60);
  for (let times = 0; times < 10; times += 1) {
    const run = await claimOne('mine');
    await rows.pool.query(`update runlane.runs set updated_at = now() - interval '1 minute' where graph_id = 'mine'`);
    await handBack(run, false);
    expect(await waitOf('mine')).toBe(0);
  }
  await handBack(await claimOne('mine'), true);
  expect(await waitOf('mine')).toBe(0);
});

test('a run that became ready by a clock far ahead, such as that of the server before a failover, is claimed', async () => {
  await addReady('mine', 1, -3_600);
  expect(await claimOf(['mine'], 1)).toHaveLength(1);
});

test('a run that waits for its time is claimed by a process that keeps asking', async () => {
  const claims = createRunClaims(rows.database, ['mine'], checkpoints, { lookAtAllEveryMs: 600_000 });
  await addReady('mine', 1, -3);
  expect(await claims.claim(EXECUTOR, 1, [])).toEqual([]);
  await eventually(async () => (await claims.claim(EXECUTOR, 1, [])).length === 1, { what: 'the run is claimed' });
});
