/** The audit may take longer than other statements. Real: Postgres. */
import { Database, createPool } from '@runlane/postgres';
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { placesIn } from './intake-ledger.ts';
import { createLedgerAudit } from './ledger-audit.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

test('records that retention deleted are lost, offsets without a record are not, and every offset is accounted for', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const place = { group: 'webhook-dispatcher', topic: 'runs.status.v1' };
  const places = placesIn(new Database(world.pool), place.group, place.topic);
  // The account begins where the topic began when it was first looked at, and its first record comes later.
  await places.note(new Map([[0, 4n]]));
  world.skipOffsets(8);
  await world.takeIn([null], { lowWatermark: 7n });
  world.skipOffsets(3);
  await world.takeIn([null]);
  expect(await places.skip({ topic: place.topic, partition: 0 }, 12n, 19n)).toBe(true);
  expect(await places.skip({ topic: place.topic, partition: 0 }, 12n, 19n)).toBe(false);
  await places.note(new Map([[0, 0n]]));
  expect(await places.read()).toEqual(new Map([[0, 19n]]));
  const accounts = await createLedgerAudit(new Database(world.pool), place).audit();
  expect(accounts).toMatchObject([{ offsets: 15, withoutTarget: 2, lost: 2 + 7, gap: 0 }]);
});

test('an audit may take longer than the statements beside it', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted(), null]);
  const url = world.databaseUrl;
  const quick = createPool({ url, max: 1, applicationName: 'quick', logger: silentLogger, statementTimeoutMs: 200 });
  const slow = createPool({ url, max: 1, applicationName: 'slow', logger: silentLogger, statementTimeoutMs: 60_000 });
  const client = await world.pool.connect();
  try {
    const ledger = createLedgerAudit(
      new Database(quick),
      { group: 'webhook-dispatcher', topic: 'runs.status.v1' },
      new Database(slow),
    );
    await client.query('begin');
    await client.query('lock table webhooks.deliveries');
    const audit = Promise.allSettled([ledger.audit()]);
    await eventually(
      async () => {
        const { rows } = await world.pool.query(
          `select from pg_stat_activity where application_name = 'slow' and wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      },
      { what: 'the audit waits' },
    );
    await expect(ledger.deadByReason()).rejects.toThrow('took too long');
    await client.query('rollback');
    expect(await audit).toMatchObject([
      { status: 'fulfilled', value: [{ offsets: 2, due: 1, withoutTarget: 1, gap: 0 }] },
    ]);
  } finally {
    client.release();
    await Promise.all([quick.end(), slow.end()]);
  }
});
