/**
 * Intake and delivery meet at one endpoint, and each waits for the other's lock.
 *
 * Real     Postgres, and every statement of intake and delivery, on connections of their own.
 * Doubled  Kafka and HTTP.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { planIntake } from '../../domain/intake-plan.ts';
import type { TargetedEvent } from '../../domain/intake-plan.ts';
import { answered } from '../../domain/outcomes.fixture.ts';
import { createIntakeLedger } from './intake-ledger.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

const OWNER = randomUUID();
/** What a batch of nothing but deliveries accounts for. */
const NOTHING_ELSE = { withoutTargetCount: 0, repeatCount: 0, quarantinedCount: 0, absentCount: 0, lostCount: 0 };

/** An intake that has written the event and does not commit before it is told to. */
async function heldIntake(world: LedgerWorld, event: TargetedEvent, partition = 0) {
  const written = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const committed = createIntakeLedger(world.database, 'another group').inTransaction(
    { topic: 'another topic', partition, firstOffset: 0n },
    async (transaction) => {
      await transaction.write(planIntake([event], await transaction.prepare([event])));
      await transaction.close({ ...NOTHING_ELSE, position: { offset: 0n, timestampMs: 0 }, deliveryCount: 1 });
      written.resolve();
      await gate.promise;
    },
  );
  await written.promise;
  return {
    commit: () => {
      gate.resolve();
      return committed;
    },
  };
}

async function isWaitedFor(world: LedgerWorld): Promise<void> {
  await eventually(
    async () => {
      const { rowCount } = await world.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rowCount === 1;
    },
    { what: 'the other side waits for the lock' },
  );
}

test('an event that is stored while its endpoint is given back is not forgotten', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted()]);
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('The endpoint is not due.');
  for (const delivery of await world.due(endpoint)) await world.settle(endpoint, delivery, answered(200));

  const intake = await heldIntake(world, targeted());
  const released = world.release(endpoint);
  await isWaitedFor(world);
  await intake.commit();
  await released;

  const [again] = await world.lease(OWNER);
  expect(again?.endpointId).toBe(endpoint.endpointId);
});

test('a batch and a settlement that change nothing of an endpoint do not wait for each other', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted(), targeted(), targeted()]);
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('The endpoint is not due.');
  const [first, second] = await world.due(endpoint);
  if (first === undefined || second === undefined) throw new Error('They are not due.');
  // The first success is written.
  await world.settle(endpoint, first, answered(200), true);

  const intakes = [await heldIntake(world, targeted(), 0), await heldIntake(world, targeted(), 1)];
  expect(await world.settle(endpoint, second, answered(200), true)).toBe('delivered');
  for (const intake of intakes) await intake.commit();
  expect(await world.due(endpoint)).toHaveLength(3);
});

test('an event that is stored while its URL leaves the line brings the URL back into line', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted()]);
  const holder = await world.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from webhooks.endpoints for no key update');
    const storing = heldIntake(world, targeted());
    await isWaitedFor(world);
    // As a settlement does that sees nothing more of the URL: what is stored is not committed.
    await holder.query('update webhooks.targets set next_due_at = null');
    await holder.query('commit');
    await (await storing).commit();
  } finally {
    holder.release();
  }

  const { rows } = await world.pool.query('select next_due_at is not null as in_line from webhooks.targets');
  expect(rows).toEqual([{ in_line: true }]);
});

test('an event that is stored while its predecessor ends does not wait for it for ever', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  const runId = randomUUID();
  await world.takeIn([targeted({ runId, sequence: 1, isTerminal: false })]);
  const [endpoint] = await world.lease(OWNER);
  if (endpoint === undefined) throw new Error('The endpoint is not due.');
  const [first] = await world.due(endpoint);
  if (first === undefined) throw new Error('Nothing is due.');

  const intake = await heldIntake(world, targeted({ runId, sequence: 2 }));
  const settled = world.settle(endpoint, first, answered(200));
  await isWaitedFor(world);
  await intake.commit();
  expect(await settled).toBe('delivered');

  expect((await world.due(endpoint)).map(({ sequence }) => sequence)).toEqual([2]);
});

test('settlements, releases and ends of a former holder of the lease change nothing', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn([targeted()]);
  const [former] = await world.lease(OWNER);
  if (former === undefined) throw new Error('The endpoint is not due.');
  const [delivery] = await world.due(former);
  if (delivery === undefined) throw new Error('Nothing is due.');
  await world.passTime();
  const [holder] = await world.lease(randomUUID());
  if (holder === undefined) throw new Error('The lease did not run out.');
  const before = await world.pool.query('select * from webhooks.endpoints');

  expect(await world.settle(former, delivery, answered(410))).toBe('lost');
  await world.release(former);
  expect(await world.deliveries.endDisabled(former, delivery.urlHash, 10)).toBe(0);
  expect((await world.deliveries.renew(OWNER, [former], 1_000)).endpointIds.size).toBe(0);

  expect((await world.pool.query('select * from webhooks.endpoints')).rows).toEqual(before.rows);
  expect(await world.settle(holder, delivery, answered(200))).toBe('delivered');
});

test('a renewal that waits for a shared endpoint holds up nothing of the others', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn(['a.example', 'b.example', 'c.example'].map((host) => targeted({ host, site: host })));
  const held = (await world.lease(OWNER)).toSorted((a, b) => Number(a.endpointId - b.endpointId));
  const shared = held[1]?.endpointId;
  const holder = await world.pool.connect();
  await holder.query('begin');
  await holder.query('select from webhooks.endpoints where endpoint_id = $1 for share', [shared]);
  const renewal = world.deliveries.renew(OWNER, held, 60_000);
  await isWaitedFor(world);
  const lockable = await holder.query('select from webhooks.endpoints for no key update skip locked');
  expect(lockable.rowCount).toBe(held.length);
  await holder.query('commit');
  holder.release();
  expect((await renewal).endpointIds).toEqual(new Set(held.map(({ endpointId }) => endpointId)));
});

test('an owner leases the endpoints of a large site a few at a time', async () => {
  await using world = await LedgerWorld.create(inject('databaseUrl'));
  await world.takeIn(
    Array.from({ length: 4 }, (_, index) => targeted({ host: `${index}.evil.example`, site: 'evil.example' })),
  );
  const lease = async (owner: string) => (await world.deliveries.lease(owner, 2, 60_000, 2, [])).endpoints.length;

  expect(await lease(OWNER)).toBe(2);
  expect(await lease(OWNER)).toBe(0);
  expect(await lease(randomUUID())).toBe(0);
});
