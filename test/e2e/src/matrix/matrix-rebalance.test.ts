/**
 * Every strategy in every state of a thread, while the partitions go from one run-consumer to another: newcomers
 * arrive before, while and after the second one joins, while the first one drains, and when it is gone.
 * Real: everything. Decides: as in matrix-alone.test.ts, and which processes have admitted runs.
 */
import { expect, test } from 'vitest';
import type { ServiceProcess } from '@runlane/testkit';
import { HELD_COUNT, MatrixStage } from './matrix-stage.ts';
import { matrixSuite } from './matrix-suite.ts';

const NEWCOMERS = 5;
const consumers: ServiceProcess[] = [];

matrixSuite(NEWCOMERS, async (world) => {
  const first = world.runConsumer({
    RUNLANE_MAX_CONCURRENT_RUNS: String(HELD_COUNT),
    // What it executes is held, so that no superstep ends within any grace.
    RUNLANE_DRAIN_GRACE_SECONDS: '1',
  });
  await first.ready();
  const stage = await MatrixStage.set(world, NEWCOMERS);
  const pending = stage.in('pending');
  const others = stage.in('idle', 'running', 'paused', 'scheduled');
  await stage.publishNewcomers(pending, [0]);
  await stage.admitted(pending, [0]);
  const second = world.runConsumer({ RUNLANE_MAX_CONCURRENT_RUNS: '64' });
  consumers.push(first, second);
  await stage.publishNewcomers(others, [0]);
  await second.httpUrl();
  await stage.publishNewcomers(stage.cells, [1]);
  await second.ready();
  await stage.publishNewcomers(stage.cells, [2]);
  const stopped = first.stopCleanly();
  await stage.publishNewcomers(stage.cells, [3]);
  await stopped;
  await stage.publishNewcomers(stage.cells, [4]);
  return { stage };
});

test('both consumers admitted runs', () => {
  for (const consumer of consumers) expect(consumer.logged('batch.admitted').length).toBeGreaterThan(0);
});
