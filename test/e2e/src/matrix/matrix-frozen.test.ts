/**
 * I3, I9: every strategy in every state of a thread, when the executor is frozen by SIGSTOP before the newcomers
 * arrive, loses its lease, and wakes up after its runs have ended elsewhere, while others execute on their threads.
 * Real: everything. Decides: as in matrix-alone.test.ts, and LangGraph's tables before and after it woke up.
 */
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { HELD_COUNT, MatrixStage } from './matrix-stage.ts';
import { matrixSuite } from './matrix-suite.ts';
import { checkpointRows } from '../support/thread-rows.ts';
import type { World } from '../support/world.ts';

const NEWCOMERS = 2;
const rows: { asleep?: unknown; awake?: unknown; leaseLosses?: number } = {};

matrixSuite(NEWCOMERS, async (world) => {
  await world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' }).ready();
  const frozen = world.runConsumer({ RUNLANE_ROLES: 'execution', RUNLANE_MAX_CONCURRENT_RUNS: String(HELD_COUNT) });
  await frozen.ready();
  const stage = await MatrixStage.set(world, NEWCOMERS);
  const frozenAtMs = Date.now();
  frozen.signal('SIGSTOP');
  await stage.newcomersArrive();
  await stage.admitted();
  const other = world.runConsumer({ RUNLANE_ROLES: 'execution', RUNLANE_MAX_CONCURRENT_RUNS: '64' });
  await other.ready();
  stage.priorsGoOn();
  await takenOver(world, stage, other);
  const threadIds = stage.in('running').map(({ threadId }) => threadId);
  rows.asleep = await checkpointRows(world.pool, threadIds);
  frozen.signal('SIGCONT');
  await eventually(
    () => frozen.logged('run.attempted').length >= stage.cells.length + stage.in('paused', 'running').length,
    {
      what: 'the attempts of the process that woke up have ended',
      seen: () => frozen.logs.slice(-5),
    },
  );
  rows.leaseLosses = frozen.logged('lease.lost').length;
  rows.awake = await checkpointRows(world.pool, threadIds);
  return { stage, goneAtMs: new Map([[frozen.pid, frozenAtMs]]) };
});

test('the process that woke up wrote nothing into the threads that it had executed', () => {
  expect(rows.leaseLosses).toBe(1);
  expect(rows.asleep).toBeDefined();
  expect(rows.awake).toEqual(rows.asleep);
});

/** Resolves when the thread of every run that was executing has gone on, up to the run that is held there. */
async function takenOver(world: World, stage: MatrixStage, other: ServiceProcess): Promise<void> {
  const turns = stage.in('running').flatMap(({ strategy, newcomers }) => {
    const run = { enqueue: newcomers[0], reject: undefined, interrupt: newcomers.at(-1), rollback: newcomers.at(-1) };
    return run[strategy]?.runId ?? [];
  });
  const started = () => new Set(world.sideEffects().flatMap(({ run_id, pid }) => (pid === other.pid ? [run_id] : [])));
  await eventually(() => turns.every((runId) => started().has(runId)), { what: 'the next runs execute elsewhere' });
  // A first node executes while the checkpoint before it, the second of its run, is still being written.
  await eventually(
    async () => {
      const found = await world.pool.query(
        `select distinct metadata ->> 'run_id' from checkpoints
         where metadata ->> 'run_id' = any ($1) and metadata ->> 'source' = 'loop'`,
        [turns],
      );
      const blocking = stage.in('running').find(({ strategy }) => strategy === 'reject')?.prior?.runId;
      const ended = await world.pool.query(`select from runlane.runs where run_id = $1 and status = 'success'`, [
        blocking,
      ]);
      return found.rowCount === turns.length && ended.rowCount === 1;
    },
    { what: 'their inputs are in checkpoints, and the run that refuses others has ended' },
  );
}
