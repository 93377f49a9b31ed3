/**
 * I3: a run in a process of its own must not outlive the service that started it, because another process executes it
 * then. Real: everything; the service is killed or frozen. Decides: the run's process is gone, and the run ends
 * elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { Gate, gateRun } from './fault-load.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';
import { World } from '../support/world.ts';

/** The preloaded module that ends the children of tests would also end the run's process. */
const ON_ITS_OWN = { NODE_OPTIONS: '' };

test.for(['SIGKILL', 'SIGSTOP'] as const)(
  'after %s of its service the process of a run ends, and the run executes elsewhere',
  async (signal) => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    using gate = new Gate();
    const events = await world.collectEvents();
    const other = world.runConsumer({ RUNLANE_ROLES: 'admission,relay,sweeping' });
    await other.ready();
    const run = { runId: randomUUID(), threadId: 'thread' };
    await world.publish(gateRun(run, { gate: gate.path }));
    const suspect = () => world.pool.query(`update runlane.runs set is_isolated = true where status = 'pending'`);
    await eventually(async () => (await suspect()).rowCount === 1, { what: 'the run is admitted' });
    const service = world.runConsumer({ ...ON_ITS_OWN, RUNLANE_ROLES: 'execution' });
    const { pid } = await eventually(() => world.sideEffects()[0], { what: 'the run executes' });
    expect(pid).not.toBe(service.pid);

    service.signal(signal);
    await eventually(() => !isThere(pid), { what: 'its process is gone' });
    const goneMs = Date.now();
    world.runConsumer({ RUNLANE_ROLES: 'execution' });
    await eventually(() => world.sideEffects().some((effect) => effect.pid !== pid), { what: 'it executes elsewhere' });
    gate.open();
    const history = await readHistory(world, events, [run]);

    expect(historyProblems(history, [run])).toEqual([]);
    expect(history.distinct.at(-1)).toMatchObject({ type: 'run.succeeded', attempt: 2 });
    expect(overlapProblems(world.sideEffects(), new Map([[pid, goneMs]]))).toEqual([]);
  },
);

/** One that has ended and that its frozen parent has not asked about stays in the list, as a zombie. */
function isThere(pid: number): boolean {
  const { stdout, error } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  const state = stdout.trim();
  return state !== '' && !state.startsWith('Z');
}
