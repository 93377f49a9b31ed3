/**
 * I5, I6: two relays, and two sweepers, lead at once, as after a failover to a server that has forgotten who leads.
 * Real: Kafka, Postgres, two run-consumers. Doubled: the failover, by taking the leases away repeatedly. Decides: the
 * records of the status topic in their order, and the ledger.
 */
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { publishLoad } from '../faults/fault-load.ts';
import { historyProblems, readHistory } from '../faults/fault-oracle.ts';
import type { Asked } from '../faults/fault-oracle.ts';
import { World } from '../support/world.ts';

const LOAD = { runs: 30, threads: 10, ms: 20 };
/** Events that each of the two has published in the end, at least. */
const EACH = 50;

async function publishedCount(service: ServiceProcess): Promise<number> {
  const metrics = await (await fetch(`${await service.httpUrl()}/metrics`)).text();
  return Number(/^runlane_events_published_total\{[^}]*\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

/** True when so many runs have ended. */
async function takeLeases(world: World, count: number): Promise<boolean> {
  await world.pool.query('delete from runlane.leases');
  const { rows } = await world.pool.query('select from runlane.runs where run_ended_at is not null');
  return rows.length === count;
}

test('events keep their order and their contents while two relays publish at once, and every run has one end', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  const services = [world.runConsumer(), world.runConsumer()];
  await Promise.all(services.map((service) => service.ready()));
  const asked: Asked[] = [];
  const counts = () => Promise.all(services.map((service) => publishedCount(service)));
  while (Math.min(...(await counts())) < EACH) {
    asked.push(...(await publishLoad(world, LOAD)));
    await eventually(() => takeLeases(world, asked.length), { what: 'all runs have ended', everyMs: 20 });
  }
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
});
