/**
 * A quarantined record can be taken in once, and is accounted for. Real: Postgres. Doubled: the records that
 * are read.
 */
import { silentLogger } from '@runlane/service-kit/testing';
import { expect, inject, test } from 'vitest';
import { createIntakeLedger } from '../../adapters/postgres/intake-ledger.ts';
import { LedgerWorld, targeted } from '../../adapters/postgres/ledger-world.fixture.ts';
import { createQuarantine, createQuarantineOperator } from '../../adapters/postgres/quarantine.ts';
import type { Reading } from '../intake/receive-status-events.ts';
import { takeInQuarantined } from './take-in-quarantine.ts';

const OWNER = { group: 'webhook-dispatcher', topic: 'runs.status.v1' };

async function quarantined(count: number) {
  const world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn(Array.from({ length: count }, () => 'quarantine' as const));
  const contents = new Map<bigint, Reading['content']>();
  let dueCount = 0;
  const takeIn = (codes: Parameters<typeof takeInQuarantined>[0] = []) =>
    takeInQuarantined(codes, new AbortController().signal, {
      quarantine: createQuarantine(world.database, OWNER),
      ledger: createIntakeLedger(world.database, OWNER.group),
      read: async (record) => ({
        record,
        content: contents.get(record.offset) ?? {
          kind: 'quarantine',
          code: 'not_a_status_event',
          message: 'Still not.',
        },
      }),
      onDue: () => (dueCount += 1),
      logger: silentLogger,
    });
  return {
    world,
    operator: createQuarantineOperator(world.database, OWNER),
    contents,
    takeIn,
    dueCount: () => dueCount,
  };
}

test('chosen records become deliveries if they can be read now, and all stay accounted for', async () => {
  const { world, operator, contents, takeIn, dueCount } = await quarantined(4);
  await using _world = world;
  const event = targeted();
  contents.set(0n, { kind: 'event', event });
  contents.set(1n, { kind: 'without_target' });
  contents.set(2n, { kind: 'event', event });
  await takeIn();
  expect(await world.account()).toMatchObject({ quarantined: 4, gap: 0 });

  const asked = await operator.ask({ limit: 10 });
  expect(asked.map(({ offset }) => offset)).toEqual([0n, 1n, 2n, 3n]);
  expect(await operator.standing(asked)).toHaveLength(4);
  await Promise.all([takeIn(), takeIn()]);

  expect(await world.account()).toMatchObject({ due: 1, withoutTarget: 1, repeats: 1, quarantined: 1, gap: 0 });
  expect(await operator.standing(asked)).toEqual([
    { partition: 0, offset: 3n, code: 'not_a_status_event', message: 'Still not.', isAsked: false },
  ]);
  expect(dueCount()).toBeGreaterThan(0);
  expect(await world.lease('00000000-0000-0000-0000-000000000001')).toHaveLength(1);
  expect(await world.problems()).toEqual([]);
});

test('a record can be chosen by its place, and records that only an older version could not read are read again by themselves', async () => {
  const { world, operator, contents, takeIn } = await quarantined(3);
  await using _world = world;
  for (const offset of [0n, 1n, 2n]) contents.set(offset, { kind: 'event', event: targeted() });
  await world.pool.query(`update webhooks.quarantine set code = 'unknown_type' where record_offset = 2`);

  expect(await operator.ask({ at: { partition: 0, offset: 1n }, limit: 10 })).toEqual([{ partition: 0, offset: 1n }]);
  await takeIn();
  expect(await world.account()).toMatchObject({ due: 1, quarantined: 2 });
  await takeIn(['unknown_type']);
  expect(await world.account()).toMatchObject({ due: 2, quarantined: 1, gap: 0 });
});
