/**
 * A service whose connections all wait for locks. Real: everything. Decides: the service's log and its lease in the ledger.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import { Gate, gateRun } from './fault-load.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { World } from '../support/world.ts';

/** Twice the lease of the service. */
const HELD_MS = 6_000;

test('a lease is renewed while every connection of the pool waits for a lock', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  using gate = new Gate();
  const events = await world.collectEvents();
  const service = world.runConsumer({ RUNLANE_DATABASE_POOL_SIZE: '2' });
  await service.ready();
  const idle = { runId: randomUUID(), threadId: 'idle' };
  const settling = { runId: randomUUID(), threadId: 'settling' };
  const arriving = { runId: randomUUID(), threadId: 'idle' };
  await world.publish(gateRun(idle), gateRun(settling, { gate: gate.path }));
  await events.terminal(idle.runId);
  await eventually(() => world.sideEffects().some(({ run_id }) => run_id === settling.runId), {
    what: 'a graph executes',
  });

  // A settlement takes the first connection, an admission the second.
  await using holdOfSettlement = await Hold.atThread(world, settling.threadId);
  gate.open();
  await holdOfSettlement.reached();
  await using holdOfAdmission = await Hold.atThread(world, idle.threadId);
  await world.publish(gateRun(arriving));
  await holdOfAdmission.reached(2);
  const expiresAtMs = async () =>
    Number(
      (await world.pool.query('select extract(epoch from expires_at) * 1000 as ms from runlane.executors')).rows[0]?.ms,
    );
  const heldFromMs = await expiresAtMs();
  await eventually(
    async () => service.logged('lease.lost').length > 0 || (await expiresAtMs()) - heldFromMs >= HELD_MS,
    { what: 'the lease was renewed for a while, or lost' },
  );
  await holdOfAdmission.reached(2);
  expect(service.logged('lease.lost')).toEqual([]);

  await holdOfSettlement.release();
  await holdOfAdmission.release();
  const asked = [idle, settling, arriving];
  const history = await readHistory(world, events, asked);
  expect(historyProblems(history, asked)).toEqual([]);
  expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
});
