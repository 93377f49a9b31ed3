import { expect, inject, test } from 'vitest';
import { LedgerWorld, targeted } from '../adapters/postgres/ledger-world.fixture.ts';
import { createDispatcherMetrics } from '../metrics.ts';
import { timedLedger } from './timed-ledger.ts';

test('a call is observed once under its stage, with how many it was for, and one that fails is not', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted(), targeted({ host: 'other.example' })]);
  const metrics = createDispatcherMetrics();
  const ledger = timedLedger(world.deliveries, metrics.observeStage);

  await ledger.lease('00000000-0000-0000-0000-000000000001', 10, 60_000, 8, []);
  await expect(ledger.body('no such event')).rejects.toThrow('not in the ledger');

  const text = await metrics.registry.metrics();
  const values = [...text.matchAll(/^runlane_webhook_stage_(\w+)_(count|sum)\{stage="(\w+)"[^}]*\} (\S+)$/gm)];
  expect(
    values.map(([, of, what, stage, value]) => [of, what, stage, what === 'sum' && of === 'seconds' ? '' : value]),
  ).toEqual([
    ['seconds', 'sum', 'lease', ''],
    ['seconds', 'count', 'lease', '1'],
    ['items', 'sum', 'lease', '2'],
    ['items', 'count', 'lease', '1'],
  ]);
});
