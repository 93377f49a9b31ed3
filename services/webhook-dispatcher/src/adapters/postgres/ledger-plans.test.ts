/**
 * The cost of a settlement, and of taking in a batch, does not grow with the ledger.
 * Real: Postgres, the migrations and the statement. Decides: the plan, which is made while few deliveries are due and
 * kept when many are.
 */
import { expect, inject, test } from 'vitest';
import { LedgerWorld } from './ledger-world.fixture.ts';
import { sql } from './statements.ts';

test('known deliveries of a run are looked up by its queue, also by a plan that was made for empty tables', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const { rows } = await world.pool.query<{ 'QUERY PLAN': string }>(
    `explain (generic_plan) ${sql.selectKnownDeliveries.text}`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('deliveries_in_lanes');
  expect(plan).not.toContain('Seq Scan');
});

test('settled deliveries are looked up by id and by queue, never through all that are due', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.pool.query(
    `insert into webhooks.deliveries (
       event_id, url_hash, url, endpoint_id, run_id, sequence, event_type, is_terminal, state, next_attempt_at, ended_at,
       source_topic, source_partition, source_offset
     )
     select
       n::text, 'a', 'https://a.example', 1, gen_random_uuid(), 3, 'run.succeeded', true,
       case when n <= 4 then 'due' else 'delivered' end, case when n <= 4 then now() end, case when n > 4 then now() end,
       'topic', 0, n
     from generate_series(1, 3000) as made (n)`,
  );
  await world.pool.query('analyze webhooks.deliveries');

  const { rows } = await world.pool.query<{ 'QUERY PLAN': string }>(
    `explain (generic_plan) ${sql.settleDeliveries.text}`,
  );
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  expect(plan).toContain('deliveries_in_lanes');
  // Once: to find the place of a URL of which no more is known to be due.
  expect(plan.match(/due_deliveries_by_target/g) ?? []).toHaveLength(1);
});
