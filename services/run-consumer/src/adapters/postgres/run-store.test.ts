/** Settlements on real Postgres. Decides: the rows of the journal. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Settlement } from '../../domain/settlement.ts';
import { RunRows } from '../langgraph/run-rows.fixture.ts';
import { createRunSettlements } from './run-store.ts';

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());

async function runWithJournal() {
  const run = await rows.claim(randomUUID(), { assistant_id: 'lane' });
  await rows.pool.query(
    `insert into runlane.foreign_writes (run_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
     values ($1, $2, '', 'c', 't', -4)`,
    [run.runId, run.threadId],
  );
  return run;
}

async function journalled(): Promise<unknown[]> {
  return (await rows.pool.query('select run_id from runlane.foreign_writes')).rows.map((row) => row.run_id);
}

test('I8: the journal of a run ends with it, except when it is needed for a rollback', async () => {
  const ended = await runWithJournal();
  const rolledBack = await runWithJournal();
  const goingOn = await runWithJournal();
  const ending = (status: 'success' | 'rollback') =>
    ({ kind: 'end', status, type: 'run.succeeded', reason: null, threadStatus: 'idle', details: {} }) as Settlement;
  const results = await createRunSettlements(rows.pool).settle([
    { ...ended, settlement: ending('success') },
    { ...rolledBack, settlement: ending('rollback') },
    { ...goingOn, fencingToken: goingOn.fencingToken + 1n, settlement: ending('success') },
  ]);
  expect(results).toEqual(['settled', 'settled', 'lost']);
  expect(new Set(await journalled())).toEqual(new Set([rolledBack.runId, goingOn.runId]));
});
