/**
 * No statement grows with the ledger. Postgres keeps a plan for a connection that it makes without knowing the
 * parameters. That plan reads no table of runs, threads or events as a whole, and has the functions that name the
 * places of a lane inlined. Real: Postgres, the migrations and every statement. Decides: the plans of the planner on a
 * ledger of 40,000 ended runs.
 */
import { randomUUID } from 'node:crypto';
import { query } from '@runlane/postgres';
import type { SqlStatement, SqlValues } from '@runlane/postgres';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RunRows } from '../langgraph/attempt/run-rows.fixture.ts';
import { sql } from './statements.ts';

/** Those that the test fills: of an empty table the planner knows that reading it is cheap. */
const GROWING = new Set(['runs', 'threads', 'outbox']);
/** Those whose text the planner is to put in their place. */
const OUR_FUNCTIONS = new Set(['waiting_runs', 'scheduled_runs', 'admission_place']);

type Plan = {
  'Node Type': string;
  'Parent Relationship'?: string;
  'Relation Name'?: string;
  'Function Name'?: string;
  Plans?: Plan[];
};

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  await rows.pool.query(
    `with ended as (
       insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request,
         fingerprint, metadata, lane_position, run_ended_at, source_topic, source_partition, source_offset)
       select gen_random_uuid(), 'thread-' || number, 'a', 'agent', 'success', 'enqueue', '{}', '', '{}', 1,
         now() - number * interval '1 minute', 't', 0, number
       from generate_series(1, 40000) as number
       returning run_id, thread_id
     ),
     threads as (
       insert into runlane.threads (thread_id, status, first_partition)
       select thread_id, 'idle', 0
       from ended
     )
     insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, published_at)
     select run_id, thread_id, 'run.pending', 1, 0, now()
     from ended`,
  );
  await rows.pool.query('vacuum (analyze) runlane.runs, runlane.threads, runlane.outbox');
});
afterAll(() => rows[Symbol.asyncDispose]());

/** Tables that the plan reads as a whole. One that is only asked whether it has a row is not: that ends at the first. */
function readWhole(plan: Plan): string[] {
  const table = plan['Relation Name'] ?? '';
  const isWhole = plan['Node Type'] === 'Seq Scan' && plan['Parent Relationship'] !== 'InitPlan';
  return [...(isWhole && GROWING.has(table) ? [table] : []), ...(plan.Plans ?? []).flatMap(readWhole)];
}

/** Our own functions that the plan calls: each would give all its rows, however few are asked for. */
function calledFunctions(plan: Plan): string[] {
  const name = plan['Function Name'] ?? '';
  return [...(OUR_FUNCTIONS.has(name) ? [name] : []), ...(plan.Plans ?? []).flatMap(calledFunctions)];
}

test.for(Object.values(sql))('$name reads no table as a whole, and calls no function of ours', async ({ text }) => {
  const { rows: found } = await rows.pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (generic_plan, format json) ${text}`,
  );
  const plan = found[0]?.['QUERY PLAN'][0].Plan;
  if (plan === undefined) throw new Error('explain gave no plan.');
  expect(readWhole(plan)).toEqual([]);
  expect(calledFunctions(plan)).toEqual([]);
});

const uuids = (count: number) => Array.from({ length: count }, () => randomUUID());
const lists = (count: number, names: readonly string[], value: unknown) =>
  Object.fromEntries(names.map((name) => [name, Array.from({ length: count }, () => value)]));

/** Statements of the steady path, which take Postgres longer to plan than to run. `size`: how much a call is about. */
const STEADY: [SqlStatement, (size: number) => SqlValues][] = [
  [
    sql.selectReadyRuns,
    (size) => ({
      executor_id: randomUUID(),
      known_run_ids: uuids(size),
      graph_ids: ['agent'],
      look_from: size % 2 === 0 ? null : new Date(),
      limit: 2 * size + 8,
    }),
  ],
  [
    sql.claimRuns,
    (size) => ({
      executor_id: randomUUID(),
      limit: size,
      known_run_ids: uuids(size),
      checkpoint_floor: '1ef4f797-8335-6428-8001-8a1503f9b875',
      candidate_run_ids: uuids(size),
    }),
  ],
  [
    sql.settleRunsIfOwned,
    (size) => ({
      run_ids: uuids(size),
      ...lists(size, ['fencing_tokens'], 1),
      ...lists(size, ['statuses'], 'success'),
      ...lists(size, ['types'], 'run.succeeded'),
      ...lists(size, ['reasons'], null),
      ...lists(size, ['thread_statuses'], 'idle'),
      ...lists(size, ['details'], '{}'),
      ...lists(size, ['is_lost'], false),
    }),
  ],
];

test.for(STEADY)(
  '$0.name is planned once for a connection, and not for each call',
  async ([statement, valuesOfSize]) => {
    const client = await rows.pool.connect();
    try {
      for (let call = 1; call <= 20; call += 1) await query(client, statement, valuesOfSize((call % 16) + 1));
      const { rows: found } = await client.query<{ custom_plans: string }>(
        'select custom_plans::text from pg_prepared_statements where name = $1',
        [statement.name],
      );
      // Postgres makes five before it compares them with one for all calls.
      expect(found).toEqual([{ custom_plans: '5' }]);
    } finally {
      client.release(true);
    }
  },
);
