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
  const values = new Map(
    [...text.matchAll(/^runlane_webhook_stage_(\w+)\{([^}]*)\} (\S+)$/gm)]
      .filter(([, name = '']) => /_(sum|count)$/.test(name))
      .map(([, name, labels, value]) => [`${name} ${/stage="(\w+)"/.exec(labels ?? '')?.[1]}`, Number(value)]),
  );
  expect([...values.keys()].toSorted()).toEqual([
    'items_count lease',
    'items_sum lease',
    'seconds_count lease',
    'seconds_sum lease',
  ]);
  expect(values.get('items_count lease')).toBe(1);
  expect(values.get('items_sum lease')).toBe(2);
});
