/**
 * Consumers that come, go and die while runs arrive. Real: everything. Decides: the events, the ledger, and in which
 * processes graphs executed.
 */
import { eventually, patiently } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Hold } from './fault-hold.ts';
import { Gate, publishLoad } from './fault-load.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import type { Asked } from './fault-oracle.ts';
import { World } from '../support/world.ts';

const LEASE_SECONDS = 3;
/** Lease, one sweep a second, starting a thread for each run that is executed alone; and a busy machine. */
const RESCUED_WITHIN_MS = LEASE_SECONDS * 1_000 + 1_000 + patiently(5_000);

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

test.concurrent('consumers share the runs while others join, drain or die', async () => {
  await using world = await World.create(servers());
  using gate = new Gate();
  const events = await world.collectEvents();
  const asked: Asked[] = [];
  const publish = async (runs: number, options: { ms?: number; gate?: string } = {}) => {
    const load = await publishLoad(world, { runs, threads: 10, ms: 50, ...options });
    asked.push(...load);
    return load;
  };
  const started = (service: ServiceProcess) =>
    new Set(world.sideEffects().flatMap((effect) => (effect.pid === service.pid ? [effect.run_id] : [])));
  const small = { RUNLANE_MAX_CONCURRENT_RUNS: '4' };

  const a = world.runConsumer(small);
  await a.ready();
  await publish(20);
  const b = world.runConsumer(small);
  await publish(10);
  await b.ready();
  await publish(20);
  await eventually(() => started(b).size > 0, { what: 'the second consumer executes runs' });
  expect(await a.stop()).toBe(0);
  await publish(20);
  await readHistory(world, events, asked);
  expect(started(a).size).toBeGreaterThan(0);

  const c = world.runConsumer(small);
  await c.ready();
  const held = await publish(8, { gate: gate.path });
  const areHeldBy = (service: ServiceProcess) => held.filter(({ runId }) => started(service).has(runId));
  await eventually(() => areHeldBy(b).length + areHeldBy(c).length === held.length, { what: 'all runs execute' });
  const stranded = areHeldBy(b);
  expect(stranded.length).toBeGreaterThan(0);
  const killedAtMs = Date.now();
  await b.kill();
  gate.open();
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  expect(overlapProblems(world.sideEffects(), new Map([[b.pid, killedAtMs]]))).toEqual([]);
  for (const { runId } of stranded) {
    const again = history.distinct.find(
      ({ run_id, type, attempt }) => run_id === runId && type === 'run.running' && attempt === 2,
    );
    expect(Date.parse(again?.occurred_at ?? '') - killedAtMs).toBeLessThan(RESCUED_WITHIN_MS);
  }
});

test.concurrent('when the relay dies in the middle of the outbox, another one goes on in order', async () => {
  await using world = await World.create(servers());
  const events = await world.collectEvents();
  const worker = world.runConsumer({ RUNLANE_ROLES: 'admission,execution,sweeping' });
  await worker.ready();
  const asked = await publishLoad(world, { runs: 240, threads: 24 });
  await eventually(
    async () => {
      const { rows } = await world.pool.query<{ count: string }>('select count(*) from runlane.outbox');
      return Number(rows[0]?.count) >= 3 * asked.length;
    },
    { what: 'all runs have ended, unpublished', everyMs: 200 },
  );
  // The relay publishes and marks in batches, so the second mark is the middle.
  await world.pool.query(
    'create function is_second_mark() returns boolean language sql as $$ select exists (select from runlane.outbox where published_at is not null) $$',
  );
  await using hold = await Hold.at(world, {
    at: 'statement',
    of: 'update',
    on: 'runlane.outbox',
    when: 'is_second_mark()',
  });
  const leader = world.runConsumer({ RUNLANE_ROLES: 'relay' });
  await hold.reached();
  const heir = world.runConsumer({ RUNLANE_ROLES: 'relay' });
  await heir.ready();

  await leader.kill();
  await hold.rollBack();
  asked.push(...(await publishLoad(world, { runs: 24, threads: 24 })));
  const history = await readHistory(world, events, asked);

  expect(historyProblems(history, asked)).toEqual([]);
  expect(history.seen.length).toBeGreaterThan(history.distinct.length);
});
