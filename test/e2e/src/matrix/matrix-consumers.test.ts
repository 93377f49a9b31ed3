/**
 * Every strategy in every state of a thread, when two run-consumers share the partitions and the runs, so that
 * a run is mostly superseded by another process than the one that executes it.
 * Real: everything. Decides: as in matrix-alone.test.ts, and in which processes the superseded runs executed.
 */
import { expect, test } from 'vitest';
import { HELD_COUNT, MatrixStage } from './matrix-stage.ts';
import { matrixSuite } from './matrix-suite.ts';

const NEWCOMERS = 2;
const CONSUMERS = 2;

const suite = matrixSuite(NEWCOMERS, async (world) => {
  const places = { RUNLANE_MAX_CONCURRENT_RUNS: String(HELD_COUNT / CONSUMERS) };
  const consumers = Array.from({ length: CONSUMERS }, () => world.runConsumer(places));
  await Promise.all(consumers.map((consumer) => consumer.ready()));
  const stage = await MatrixStage.set(world, NEWCOMERS);
  await stage.newcomersArrive();
  return { stage };
});

test('both consumers executed runs when the newcomers arrived', () => {
  const held = suite.stage.in('running').map(({ prior }) => prior?.runId);
  const pids = suite.world.sideEffects().flatMap(({ run_id, pid }) => (held.includes(run_id) ? [pid] : []));
  expect(new Set(pids).size).toBe(CONSUMERS);
});
