/**
 * I10: graphs that need more memory than their thread may have, and the runs beside them. Real: worker threads,
 * processes, LangGraph, Postgres.
 */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { WorkerEvent } from './worker-events.ts';
import { WorkersWorld, keptLog, run } from './workers.fixture.ts';

let world: WorkersWorld;
beforeAll(async () => {
  world = await WorkersWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const UNSPENT_AND_APART = { kind: 'handed_back', spendsAttempt: false, isolate: true };
const SPENT_AND_APART = { kind: 'handed_back', spendsAttempt: true, isolate: true };

test('one allocation beyond the limit that is soon garbage ends no run and moves none', async () => {
  const { logger, lines } = keptLog();
  await using workers = await world.start({ logger });
  const neighbour = await world.claim('ignore_abort', 3_000);
  const beside = run(workers, neighbour);
  await world.haveStarted(neighbour);
  expect(await run(workers, await world.claim('one_allocation'))).toMatchObject({ kind: 'succeeded' });
  expect(await beside).toMatchObject({ kind: 'succeeded' });
  expect(lines.filter(({ msg }) => msg === 'worker.crashed')).toEqual([]);
});

test('a run that keeps more than its thread may have goes on apart, and so do its neighbours: each after its superstep, without spending an attempt', async () => {
  const happened: WorkerEvent[] = [];
  await using workers = await world.start({ onEvent: (event) => happened.push(event) });
  const steps = await world.claimOf('steps', { steps: 1_000, ms: 300 }, { config: { recursion_limit: 10_000 } });
  const beside = run(workers, steps);
  await world.haveStarted(steps);
  const hoarder = await world.claim('hoard', 4_000);
  const outcome = await run(workers, hoarder);
  // Its superstep was its last: there may be nothing left to hand back.
  expect(outcome).toMatchObject(outcome.kind === 'succeeded' ? {} : UNSPENT_AND_APART);
  expect(await beside).toMatchObject(UNSPENT_AND_APART);
  expect(world.countNoted(steps.runId, 'end')).toBe(world.countNoted(steps.runId, 'start'));
  expect([world.countNoted(hoarder.runId, 'start'), world.countNoted(hoarder.runId, 'end')]).toEqual([1, 1]);
  expect(happened.filter(({ kind }) => kind === 'ended')).toEqual([]);
  // The thread is replaced.
  expect(await run(workers, await world.claim('nothing'))).toMatchObject({ kind: 'succeeded' });
});

test.each(['memory', 'exit'])(
  'several runs in a thread that ends by %s spend no attempt, and are executed apart from then on',
  async (what) => {
    await using workers = await world.start();
    const neighbour = await world.claim('ignore_abort', 120_000);
    const beside = run(workers, neighbour);
    await world.haveStarted(neighbour);
    const culprit = await world.claim(what);
    expect(await run(workers, culprit)).toMatchObject(UNSPENT_AND_APART);
    expect(await beside).toMatchObject(UNSPENT_AND_APART);
    const again = { ...(await world.rows.claimAgain(culprit)), isIsolated: true };
    expect(await run(workers, again)).toMatchObject(SPENT_AND_APART);
  },
);

test('a run apart that keeps more than it may ends with that reason', async () => {
  await using workers = await world.start();
  const claimed = { ...(await world.claim('hoard', 120_000)), isIsolated: true };
  expect(await run(workers, claimed)).toMatchObject({
    ...SPENT_AND_APART,
    error: { message: expect.stringContaining('its heap held more than the 128 MiB of RUNLANE_WORKER_MEMORY_MB') },
  });
});
