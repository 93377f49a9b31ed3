/**
 * A graph that blocks its event loop for much longer than a lease lasts. Real: everything; a second process is there to
 * take the run over. Decides: it does not.
 */
import { randomUUID } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { World, runCreate } from '../support/world.ts';

const LEASE_SECONDS = 2;
const BLOCK_MS = 6 * LEASE_SECONDS * 1_000;

test('a graph that blocks its event loop for several leases keeps its lease, and executes once', async () => {
  await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  const events = await world.collectEvents();
  const lease = { RUNLANE_LEASE_SECONDS: String(LEASE_SECONDS) };
  const runner = world.runConsumer(lease);
  const other = world.runConsumer({ ...lease, RUNLANE_ROLES: 'relay,sweeping' });
  await Promise.all([runner.ready(), other.ready()]);
  const run = { runId: randomUUID(), threadId: 'thread' };
  await world.publish(
    runCreate(run.threadId, {
      run_id: run.runId,
      assistant_id: 'misbehaving',
      input: { what: 'block', ms: BLOCK_MS },
    }),
  );
  const history = await readHistory(world, events, [run]);

  expect(historyProblems(history, [run])).toEqual([]);
  expect(history.distinct.at(-1)).toMatchObject({ type: 'run.succeeded', attempt: 1, values: { done: true } });
  const noted = world.sideEffects();
  expect(noted.map(({ at, pid }) => [at, pid])).toEqual([
    ['start', runner.pid],
    ['end', runner.pid],
  ]);
  expect((noted[1]?.ms ?? 0) - (noted[0]?.ms ?? 0)).toBeGreaterThanOrEqual(BLOCK_MS);
  expect(runner.logged('lease.lost')).toEqual([]);
  expect(other.logged('lease.taken')).toEqual([]);
});
