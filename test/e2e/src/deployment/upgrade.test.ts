/**
 * A rolling upgrade from the last release, and the way back. Its processes and this version's share one ledger, one
 * group and the outbox while requests keep coming: every run ends once, as asked, with its events in order (I1–I9), no two
 * processes are in one thread, and each replaced process ends with 0 (I12).
 * Real: everything; the last release out of git, with the dependencies of today. Decides: events, ledger, steps executed.
 */
import { readdirSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import type { ServiceProcess } from '@runlane/testkit';
import { eventually } from '@runlane/testkit';
import { publishLoad } from '../faults/fault-load.ts';
import type { Asked } from '../faults/fault-oracle.ts';
import { historyProblems, overlapProblems, readHistory } from '../faults/fault-oracle.ts';
import { LastRelease, lastReleaseObstacle } from '../support/last-release.ts';
import { World } from '../support/world.ts';

const MIGRATIONS = new URL('../../../../services/run-consumer/migrations/', import.meta.url);
const obstacle = lastReleaseObstacle();
const LOAD = { runs: 40, threads: 8, ms: 20 };

test('under load a process is replaced by one of this version, and that by one of the last release', async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  using release = new LastRelease();
  await using world = await World.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    isPrepared: false,
  });
  const events = await world.collectEvents();
  const asked: Asked[] = [];
  const startOld = () => world.runConsumer({}, [], release.runConsumer);
  const startNew = () => world.runConsumer();
  const appliedCount = async () => (await world.pool.query('select from runlane.migrations')).rowCount ?? 0;

  // As Kubernetes does with maxSurge 1: the new one is ready before the old one is asked to go, in the middle of its runs.
  const replace = async (process: ServiceProcess, start: () => ServiceProcess) => {
    asked.push(...(await publishLoad(world, LOAD)));
    const successor = start();
    await successor.ready();
    const effectCount = world.sideEffects().length;
    asked.push(...(await publishLoad(world, LOAD)));
    await eventually(() => world.sideEffects().length > effectCount, { what: 'runs execute' });
    await process.stopCleanly();
    return successor;
  };
  const first = startOld();
  await first.ready();
  expect(await appliedCount()).toBe(release.migrations.length);
  const second = await replace(first, startNew);
  expect(await appliedCount()).toBe(readdirSync(MIGRATIONS).length);
  const third = await replace(second, startOld);

  const history = await readHistory(world, events, asked);
  expect(asked).toHaveLength(4 * LOAD.runs);
  expect(historyProblems(history, asked)).toEqual([]);
  expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
  const executed = new Set(world.sideEffects().map(({ pid }) => pid));
  expect(executed).toEqual(new Set([first.pid, second.pid, third.pid]));
});
