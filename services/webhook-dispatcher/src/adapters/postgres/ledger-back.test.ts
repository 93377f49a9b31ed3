/**
 * The ledger goes back, by a failover or a restore, while its dispatchers go on (I14). Real: Postgres, and every statement of
 * intake and delivery. Doubled: Kafka and HTTP; the loss, by deleting rows and resetting the sequences, as in a copy.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { answered } from '../../domain/outcomes.fixture.ts';
import type { DueDelivery, LeasedEndpoint } from '../../app/ports.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

let world: LedgerWorld;
beforeEach(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterEach(() => world[Symbol.asyncDispose]());

async function leasedOne(owner = randomUUID()): Promise<LeasedEndpoint> {
  const [endpoint] = await world.lease(owner);
  if (endpoint === undefined) throw new Error('No endpoint is due.');
  return endpoint;
}

async function dueOne(endpoint: LeasedEndpoint): Promise<DueDelivery> {
  const [delivery] = await world.due(endpoint);
  if (delivery === undefined) throw new Error('Nothing is due.');
  return delivery;
}

test.for([{ status: 200 }, { status: 410 }, { status: 500 }])(
  'an answer of $status to a forgotten delivery does not end the delivery that has its number now',
  async ({ status }) => {
    await world.takeIn([targeted()]);
    const endpoint = await leasedOne();
    const forgotten = await dueOne(endpoint);
    await world.pool.query('delete from webhooks.deliveries');
    await world.pool.query(`select setval(pg_get_serial_sequence('webhooks.deliveries', 'delivery_id'), $1, false)`, [
      forgotten.deliveryId,
    ]);
    await world.takeIn([targeted()]);
    const present = await dueOne(endpoint);
    expect(present).toMatchObject({ deliveryId: forgotten.deliveryId, sends: 0 });
    expect(present.eventId).not.toBe(forgotten.eventId);

    expect(await world.settle(endpoint, forgotten, answered(status))).toBe('lost');
    const { rows } = await world.pool.query('select state, attempts, sends from webhooks.deliveries');
    expect(rows).toEqual([{ state: 'due', attempts: 0, sends: 0 }]);
  },
);

test('of a forgotten lease and the lease that replaces it only the later can write', async () => {
  await world.takeIn([targeted()]);
  await world.pool.query('create table kept as select * from webhooks.endpoints');
  const forgotten = await leasedOne();
  const delivery = await dueOne(forgotten);
  await world.pool.query(
    `update webhooks.endpoints as endpoint
     set owner = kept.owner, fence = kept.fence, leased_at = kept.leased_at, lease_until = kept.lease_until
     from kept where endpoint.endpoint_id = kept.endpoint_id`,
  );
  await world.pool.query('update webhooks.sites set next_due_at = now()');
  const later = await leasedOne();

  expect(await world.settle(forgotten, delivery, answered(200))).toBe('lost');
  expect(await world.deliveries.endDisabled(forgotten, delivery.urlHash, 10)).toBe(0);
  expect(await world.settle(later, await dueOne(later), answered(200))).toBe('delivered');
});

test('a fencing token of an earlier version, which only counts, is raised above all of that kind', async () => {
  await world.takeIn([targeted()]);
  await world.pool.query('update webhooks.endpoints set fence = 9');
  const endpoint = await leasedOne();
  expect(endpoint.fencingToken).toBeGreaterThanOrEqual(2n ** 32n);
  expect(await world.settle(endpoint, await dueOne(endpoint), answered(200))).toBe('delivered');
});
