import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { RunRows } from '../../langgraph/attempt/run-rows.fixture.ts';
import { createLedgerPruning } from './ledger-pruning.ts';

const HOUR_MS = 3_600_000;

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());

type Age = { endedHoursAgo: number | null; publishedHoursAgo: number | null };

/** A run with one event, ended and published so long ago; null = not yet. */
async function oldRun({ endedHoursAgo, publishedHoursAgo }: Age): Promise<string> {
  const run = await rows.claim(randomUUID(), { assistant_id: 'a', input: {} });
  await rows.pool.query(`update runlane.runs set created_at = now() - interval '100 hours' where run_id = $1`, [
    run.runId,
  ]);
  if (endedHoursAgo !== null) {
    await rows.settle(run);
    await rows.pool.query(`update runlane.runs set run_ended_at = now() - $2 * interval '1 hour' where run_id = $1`, [
      run.runId,
      endedHoursAgo,
    ]);
  }
  await rows.pool.query(
    `insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, published_at)
     values ($1, $2, 'run.succeeded', 1, 1, now() - $3 * interval '1 hour')`,
    [run.runId, run.threadId, publishedHoursAgo],
  );
  return run.runId;
}

async function left(table: 'runs' | 'outbox'): Promise<string[]> {
  const found = await rows.pool.query<{ run_id: string }>(`select run_id from runlane.${table} order by run_id::text`);
  return found.rows.map(({ run_id: id }) => id);
}

test('old events and old ended runs are deleted; young, unended and unpublished ones stay', async () => {
  const old = await oldRun({ endedHoursAgo: 50, publishedHoursAgo: 50 });
  const young = await oldRun({ endedHoursAgo: 10, publishedHoursAgo: 10 });
  const running = await oldRun({ endedHoursAgo: null, publishedHoursAgo: 50 });
  const unpublished = await oldRun({ endedHoursAgo: 50, publishedHoursAgo: null });
  const ledger = createLedgerPruning(rows.database);

  expect(await ledger.pruneRuns(40 * HOUR_MS, 100)).toBe(0);
  expect(await ledger.pruneEvents(40 * HOUR_MS, 100)).toBe(2);
  expect(await left('outbox')).toEqual([young, unpublished].toSorted());
  expect(await ledger.pruneRuns(40 * HOUR_MS, 100)).toBe(1);
  expect(await left('runs')).toEqual([young, running, unpublished].toSorted());
  expect(await left('runs')).not.toContain(old);
});
