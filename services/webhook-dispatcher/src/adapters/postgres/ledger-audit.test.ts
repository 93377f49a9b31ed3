/** Charter: the proof that nothing is lost does not end when it takes longer than other statements may. Real: Postgres. */
import { Database, createPool } from '@runlane/postgres';
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { createLedgerAudit } from './ledger-audit.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

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
