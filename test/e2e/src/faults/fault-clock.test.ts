/**
 * The wall clock of a process jumps by an hour (NTP step, restored machine) while it executes runs, beside a process
 * whose clock is right. Leases and groups do not depend on it; the order of checkpoints does, so its runs go to the other
 * process, and it takes none until its clock is right again. Real: everything; the process gets another `Date`. Decides: the
 * ledger, the events, what the graphs have noted, the probe and the log of the process.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';
import { historyProblems, overlapProblems, readHistory } from './fault-oracle.ts';

const JUMPING_CLOCK = new URL('./jumping-clock.ts', import.meta.url);
const HOUR_MS = 3_600_000;
const RUNS_EACH = 3;
/** Together they take longer than a session and a lease. */
const STEPS = 12;

test.concurrent.for([
  ['back', -HOUR_MS],
  ['ahead', HOUR_MS],
] as const)(
  'a run-consumer whose clock jumps an hour %s keeps its group and its lease, and leaves its runs to another',
  async ([, byMs]) => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
    const events = await world.collectEvents();
    // A file that does not exist until it is written.
    const { file: clock } = world.gate();
    // A lease that a machine which stalls for seconds does not lose.
    const limit = { RUNLANE_MAX_CONCURRENT_RUNS: String(RUNS_EACH), RUNLANE_LEASE_SECONDS: '10' };
    const service = world.runConsumer({ ...limit, CLOCK_FILE: clock }, [`--import=${JUMPING_CLOCK.href}`]);
    const beside = world.runConsumer(limit);
    await Promise.all([service.ready(), beside.ready()]);

    const asked = Array.from({ length: 2 * RUNS_EACH }, (_, index) => ({
      runId: randomUUID(),
      threadId: `t-${index}`,
    }));
    const request = { assistant_id: 'steps', input: { steps: STEPS, ms: 1_000 } };
    await world.publish(...asked.map(({ runId, threadId }) => runCreate(threadId, { ...request, run_id: runId })));
    const executing = () => new Set(world.sideEffects().map(({ pid }) => pid)).size === 2;
    await eventually(executing, { what: 'both processes execute runs' });
    writeFileSync(clock, String(byMs));
    await eventually(() => service.stderr.includes('the clock has jumped'), { what: 'the clock jumps' });
    const history = await readHistory(world, events, asked);
    expect(historyProblems(history, asked)).toEqual([]);
    expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
    // Each run that was handed back repeats the step whose result could not be stored.
    const repeats = world.sideEffects().filter(({ at }) => at === 'start').length - asked.length * STEPS;
    expect(repeats).toBeGreaterThanOrEqual(0);
    expect(repeats).toBeLessThanOrEqual(RUNS_EACH);
    expect(overlapProblems(world.sideEffects(), new Map())).toEqual([]);
    expect([...service.logged('lease.lost'), ...beside.logged('lease.lost')]).toEqual([]);
    expect((await fetch(`${await service.httpUrl()}/readyz`)).status).toBe(503);
    rmSync(clock);
    await service.ready();
    // Alone in its group, it reads every partition.
    expect(await beside.stop()).toBe(0);
    const last = randomUUID();
    await world.publish(runCreate('last', { run_id: last }));
    expect(await events.terminal(last)).toMatchObject({ type: 'run.succeeded', attempt: 1 });
    expect(await service.stop()).toBe(0);
  },
);
