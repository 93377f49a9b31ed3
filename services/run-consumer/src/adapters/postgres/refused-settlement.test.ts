/** Real: Postgres, with a smaller stack than usual, the queue, settlements. Decides: how runs end in the ledger. */
import { silentLogger } from '@runlane/testkit';
import { randomUUID } from 'node:crypto';
import type { Json } from '@runlane/contracts';
import { Database, createPool } from '@runlane/postgres';
import { expect, inject, test } from 'vitest';
import { SettleQueue } from '../../app/execution/settle-runs.ts';
import { settlementOf } from '../../domain/settlement.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';
import { createRunSettlements } from './run-settlements.ts';
import { createThreadCheckpoints } from './thread-checkpoints.ts';

const nested = (levels: number): Json => Array.from({ length: levels }).reduce<Json>((inner) => [inner], 'deep');

test('I1: a run whose outcome Postgres refuses ends as failed, without effect on its neighbours and successor', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const url = new URL(world.rows.databaseUrl);
  url.searchParams.set('options', '-c max_stack_depth=100kB');
  const pool = createPool({ url: url.href, applicationName: 'test', logger: silentLogger });
  const settle = new SettleQueue({
    settlements: createRunSettlements(new Database(pool), createThreadCheckpoints('public')),
    delay: () => Promise.resolve(),
    random: () => 0,
    logger: silentLogger,
  });
  const [deepThread, otherThread] = [randomUUID(), randomUUID()];
  await world.admit([deepThread, otherThread, deepThread].map((thread_id) => ({ create: { thread_id } })));
  const runs = await world.claimReady();

  const results = await Promise.all(
    runs.map((run) => {
      const values = run.threadId === deepThread ? nested(2_000) : 'flat';
      const head = { checkpointId: 'c', next: [], interrupts: [], values };
      const settlement = settlementOf({ kind: 'succeeded', head, nothingToContinue: false }, 1, 100_000);
      return settle.settle({ ...run, settlement });
    }),
  );

  expect(results.toSorted()).toEqual(['settled', 'successor_ready']);
  const [deep, other] = [deepThread, otherThread].map((thread) => runs.find(({ threadId }) => threadId === thread));
  expect(await world.runs([deep?.runId ?? '', other?.runId ?? ''])).toEqual([
    ['error', 'graph_error', null],
    ['success', null, null],
  ]);
  const ends = (await world.events(deepThread)).filter(({ type, run }) => run === deep?.runId && type === 'run.failed');
  expect(ends).toMatchObject([
    {
      sequence: 3,
      details: { error: { error: 'UnstorableOutcome', message: expect.stringContaining('SQLSTATE 54001') } },
    },
  ]);
  await pool.end();
});
