/**
 * No statement grows with the ledger. The plan that Postgres makes without knowing the parameters, which it keeps for a
 * connection where that looks as good to it, reads no table of runs, threads or events as a whole, and has the text of the
 * functions that name the places of a lane in their place.
 * Real: Postgres, the migrations and every statement. Decides: the plans of the planner on a ledger of 40,000 ended runs.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RunRows } from '../langgraph/run-rows.fixture.ts';
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

test.for(Object.values(sql))('$name looks at no table as a whole, and calls no function of ours', async ({ text }) => {
  const { rows: found } = await rows.pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (generic_plan, format json) ${text}`,
  );
  const plan = found[0]?.['QUERY PLAN'][0].Plan;
  if (plan === undefined) throw new Error('explain gave no plan.');
  expect(readWhole(plan)).toEqual([]);
  expect(calledFunctions(plan)).toEqual([]);
});
