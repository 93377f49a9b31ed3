/**
 * The cost of sweeping. Real: Postgres, the migrations and the statements. Decides: the buffers of `explain analyze`,
 * which are the same on a slow machine.
 */
import { randomUUID } from 'node:crypto';
import { query } from '@runlane/postgres';
import type { SqlStatement, SqlValues } from '@runlane/postgres';
import { pagesRead } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RunRows } from '../langgraph/attempt/run-rows.fixture.ts';
import { createLedgerPruning } from './sweeping/ledger-pruning.ts';
import { createStrandedRuns } from './run-store.ts';
import { sql } from './statements.ts';

const DAY_MS = 86_400_000;
/** Longer than an automatic vacuum or analysis of these tables takes. */
const VACUUMED = { timeout: 30_000, interval: 500 };

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());

/** Adds runs: ended so many days ago, or running on the executor. */
async function addRuns(count: number, how: { endedDaysAgo: number } | { executorId: string }): Promise<void> {
  const isEnded = 'endedDaysAgo' in how;
  await rows.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, status, multitask_strategy, request, fingerprint, metadata,
       lane_position, executor_id, created_at, run_ended_at, source_topic, source_partition, source_offset)
     select gen_random_uuid(), gen_random_uuid()::text, 'a', $2, 'enqueue', '{}', '', '{}', 1, $3::uuid,
       now() - $4 * interval '1 day', case when $3::uuid is null then now() - $4 * interval '1 day' end, 't', 0, 0
     from generate_series(1, $1)`,
    isEnded ? [count, 'success', null, how.endedDaysAgo] : [count, 'running', how.executorId, 0],
  );
}

/** Pages that a statement touches. */
async function buffersOf(statement: SqlStatement, values: SqlValues): Promise<number> {
  const client = await rows.pool.connect();
  try {
    await client.query('begin');
    return await pagesRead(client, statement, values);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/**
 * The same once nothing but the living is there. While somebody has an older snapshot, as an automatic analysis of the same
 * database does, a vacuum leaves deleted rows and their entries in the indexes, and a statement passes over all of them.
 */
function buffersOnceVacuumed(statement: SqlStatement, values: SqlValues): () => Promise<number> {
  return async () => {
    await rows.pool.query('vacuum (analyze) runlane.runs');
    return await buffersOf(statement, values);
  };
}

const pagesOfRuns = async () => {
  const { rows: found } = await rows.pool.query<{ pages: number }>(
    `select (pg_relation_size('runlane.runs') / current_setting('block_size')::int)::int as pages`,
  );
  return found[0]?.pages ?? 0;
};

test('retention reads only old runs, also when young ones fill the pages that old ones have left', async () => {
  await addRuns(20_000, { endedDaysAgo: 100 });
  const ledger = createLedgerPruning(rows.database);
  while ((await ledger.pruneRuns(30 * DAY_MS, 5_000)) > 0);
  await rows.pool.query('vacuum (analyze) runlane.runs');
  await addRuns(20_000, { endedDaysAgo: 1 });

  const pages = await pagesOfRuns();
  expect(pages).toBeGreaterThan(300);
  const buffers = buffersOnceVacuumed(sql.pruneRuns, { age_ms: 30 * DAY_MS, limit: 1_000 });
  await expect.poll(buffers, VACUUMED).toBeLessThan(30);
});

test('a look for stranded runs costs in proportion to the executors, and finds the runs of all that are gone', async () => {
  const alive = randomUUID();
  await rows.pool.query(
    `insert into runlane.executors (executor_id, host, expires_at) values ($1, 'h', now() + interval '1 hour')`,
    [alive],
  );
  await addRuns(5_000, { executorId: alive });
  const stranded = createStrandedRuns(rows.database);
  expect(await stranded.select(100)).toEqual([]);
  await expect.poll(buffersOnceVacuumed(sql.selectStrandedRuns, { limit: 100 }), VACUUMED).toBeLessThan(30);

  for (const gone of [randomUUID(), randomUUID()]) await addRuns(3, { executorId: gone });
  expect(await stranded.select(100)).toHaveLength(6);
  expect(await stranded.select(4)).toHaveLength(4);
  await query(rows.pool, sql.releaseExecutor, { executor_id: alive });
  expect(await stranded.select(10_000)).toHaveLength(5_006);
});
