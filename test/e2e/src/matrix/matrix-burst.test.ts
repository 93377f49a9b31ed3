/**
 * Every strategy in every state of a thread (admission.ts), when five runs arrive on a thread at once.
 * Real: everything. Decides: the events of the thread, its status, its checkpoints and the values that it holds.
 */
import { HELD_COUNT, MatrixStage } from './matrix-stage.ts';
import { matrixSuite } from './matrix-suite.ts';

const NEWCOMERS = 5;

matrixSuite(NEWCOMERS, async (world) => {
  await world.runConsumer({ RUNLANE_MAX_CONCURRENT_RUNS: String(HELD_COUNT) }).ready();
  const stage = await MatrixStage.set(world, NEWCOMERS);
  await stage.newcomersArrive();
  return { stage };
});
