/**
 * I1, I3, I8: every strategy in every state of a thread, when the executor dies by SIGKILL after its runs were
 * asked to stop and before they are settled: the settlement is held at its commit and goes with its process.
 * Real: everything. Decides: as in matrix-alone.test.ts, and the attempts of the runs that were not superseded.
 */
import { expect, test } from 'vitest';
import { Hold } from '../faults/fault-hold.ts';
import { HELD_COUNT, MatrixStage } from './matrix-stage.ts';
import { matrixSuite } from './matrix-suite.ts';

const NEWCOMERS = 2;

const suite = matrixSuite(NEWCOMERS, async (world) => {
  await world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' }).ready();
  const executor = world.runConsumer({
    RUNLANE_ROLES: 'execution',
    RUNLANE_MAX_CONCURRENT_RUNS: String(HELD_COUNT),
  });
  await executor.ready();
  const stage = await MatrixStage.set(world, NEWCOMERS);
  await using hold = await Hold.at(world, {
    at: 'commit',
    after: 'update',
    of: 'runlane.runs',
    when: `old.status = 'running' and new.status in ('interrupted', 'rollback')`,
  });
  await stage.newcomersArrive();
  await hold.reached();
  const killedAtMs = Date.now();
  await executor.kill();
  await hold.rollBack();
  await stage.admitted();
  await world.runConsumer({ RUNLANE_ROLES: 'execution', RUNLANE_MAX_CONCURRENT_RUNS: '64' }).ready();
  return { stage, goneAtMs: new Map([[executor.pid, killedAtMs]]) };
});

test.for(['enqueue-on-running', 'reject-on-running'])('%s: the run that goes on does so elsewhere', (threadId) => {
  const cell = suite.stage.cells.find((one) => one.threadId === threadId);
  const own = suite.threads.get(threadId)?.events.filter(({ run_id: runId }) => runId === cell?.prior?.runId);
  expect(own?.map(({ type, attempt }) => [type, attempt])).toEqual([
    ['run.pending', 0],
    ['run.running', 1],
    ['run.running', 2],
    ['run.succeeded', 2],
  ]);
});

test.for(['interrupt-on-running', 'rollback-on-running'])('%s: the run is not started again', (threadId) => {
  const cell = suite.stage.cells.find((one) => one.threadId === threadId);
  const own = suite.threads.get(threadId)?.events.filter(({ run_id: runId }) => runId === cell?.prior?.runId);
  expect(own?.map(({ attempt }) => attempt)).toEqual([0, 1, 1]);
});
