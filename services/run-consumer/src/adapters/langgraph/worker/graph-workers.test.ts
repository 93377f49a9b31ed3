/**
 * What graphs can do to the thread that they run in, and what happens to the runs beside them.
 * Real: worker threads, LangGraph, Postgres.
 */
import { ShuttingDown } from '@runlane/service-kit';
import { Cancelled, LeaseLost, Superseded } from '../../../domain/abort-reasons.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WorkersWorld, fileOf, run, signals } from './workers.fixture.ts';

let world: WorkersWorld;
beforeAll(async () => {
  world = await WorkersWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const claim = (what: string, ms?: number) => world.claim(what, ms);

test('a run ends with its outcome, and the next one uses the same thread', async () => {
  await using workers = await world.start();
  expect(await run(workers, await claim('nothing'))).toMatchObject({ kind: 'succeeded' });
  expect(await run(workers, await claim('unhandled'))).toMatchObject({ kind: 'succeeded' });
});

test('an error in a callback, which nobody catches, ends no run, nor does a library that uses the parent port', async () => {
  await using workers = await world.start();
  expect(await run(workers, await claim('parent_port'))).toMatchObject({ kind: 'succeeded' });
  const outcomes = await Promise.all([
    run(workers, await claim('uncaught')),
    run(workers, await claim('ignore_abort', 600)),
  ]);
  expect(outcomes).toMatchObject([{ kind: 'succeeded' }, { kind: 'succeeded' }]);
});

test.each([
  ['typescript', { greeting: 'hello world', mood: 'happy' }],
  ['javascript', { greeting: 'hello javascript' }],
])('a project in %s runs unchanged: ./x.js for x.ts, enums, path aliases', async (graphId, values) => {
  await using workers = await world.start();
  const claimed = await world.claimOf(graphId, {});
  expect(await run(workers, claimed)).toMatchObject({ kind: 'succeeded', head: { values } });
});

test('a graph that blocks its thread does not block the main thread', async () => {
  await using workers = await world.start();
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 10);
  const outcome = await run(workers, await claim('block', 500));
  clearInterval(ticking);
  expect(outcome).toMatchObject({ kind: 'succeeded' });
  expect(ticks).toBeGreaterThan(10);
});

test.each(['memory', 'exit'])('a thread that ends by %s costs an attempt of its own runs only', async (what) => {
  await using workers = await world.start({ threadCount: 2 });
  const [culprit, elsewhere] = [await claim(what), await claim('block', 1_500)];
  // The thread with the fewest runs takes the next one, so they are in different threads.
  const outcomes = await Promise.all([run(workers, culprit), run(workers, elsewhere)]);
  expect(outcomes[0]).toMatchObject({ kind: 'handed_back', spendsAttempt: true, isolate: true });
  expect(outcomes[1]).toMatchObject({ kind: 'succeeded' });
  // The thread is replaced.
  expect(await run(workers, await claim('nothing'))).toMatchObject({ kind: 'succeeded' });
});

test.each(['memory', 'exit', 'kill'])(
  'I10: a run whose thread or process has ended is executed apart, and its %s ends nothing else',
  async (what) => {
    await using workers = await world.start();
    const neighbour = run(workers, await claim('ignore_abort', 800));
    const again = await world.rows.claimAgain(await claim(what));
    expect(await run(workers, { ...again, isIsolated: true })).toMatchObject({
      kind: 'handed_back',
      spendsAttempt: true,
      isolate: true,
    });
    expect(await neighbour).toMatchObject({ kind: 'succeeded' });
  },
);

test('a run that is executed apart ends with its outcome, and is still executed apart after it was handed back', async () => {
  await using workers = await world.start();
  expect(await run(workers, { ...(await claim('nothing')), isIsolated: true })).toMatchObject({ kind: 'succeeded' });
  const stopped = run(workers, { ...(await claim('block', 60_000)), isIsolated: true });
  await workers.stop();
  expect(await stopped).toMatchObject({ kind: 'handed_back', spendsAttempt: false, isolate: true });
});

test('at most four runs that are executed apart have a process at a time, and one that is aborted stops waiting', async () => {
  await using workers = await world.start();
  const apart = async (what: string, ms: number, controls = signals()) => {
    const claimed = { ...(await claim(what, ms)), isIsolated: true };
    return workers.run(claimed, controls);
  };
  const holders = await Promise.all([1, 2, 3, 4].map(async () => signals()));
  const held = holders.map((controls) => apart('ignore_abort', 60_000, controls));
  const last = signals();
  let isOver = false;
  const waiting = apart('nothing', 0).finally(() => (isOver = true));
  const aborted = apart('nothing', 0, last);
  last.stop.abort(new LeaseLost());
  expect(await aborted).toMatchObject({ kind: 'handed_back', spendsAttempt: false, isolate: true });
  expect(isOver).toBe(false);
  holders[0]?.stop.abort(new LeaseLost());
  expect(await waiting).toMatchObject({ kind: 'succeeded' });
  for (const controls of holders) controls.stop.abort(new LeaseLost());
  await Promise.all(held);
});

test('a graph that does not end after its abort is ended with its thread, and its neighbours spend no attempt', async () => {
  await using workers = await world.start();
  const controls = signals();
  const deaf = workers.run(await claim('ignore_abort', 60_000), controls);
  const neighbour = run(workers, await claim('ignore_abort', 60_000));
  controls.stop.abort(new LeaseLost('executor'));
  expect(await deaf).toMatchObject({ kind: expect.stringMatching(/handed_back|failed/) });
  const blocked = signals();
  const blockingRun = await claim('block', 60_000);
  const blocking = workers.run(blockingRun, blocked);
  await world.haveStarted(blockingRun);
  blocked.stop.abort(new LeaseLost('executor'));
  expect(await blocking).toMatchObject({ kind: 'handed_back' });
  expect(await neighbour).toMatchObject({ kind: 'handed_back', spendsAttempt: false, isolate: false });
});

test('I9: a node that does not look at its signal has ended when its run has', async () => {
  await using workers = await world.start();
  const controls = signals();
  const claimed = await claim('ignore_abort', 1_500);
  const outcome = workers.run(claimed, controls);
  await world.haveStarted(claimed);
  controls.stop.abort(new Cancelled({ action: 'interrupt' }));
  expect(await outcome).toMatchObject({ kind: 'failed', head: { next: ['act'] } });
  expect(world.hasNoted(claimed.runId, 'end')).toBe(true);
});

test('a node that goes on for longer than the grace is ended with its thread, its neighbours after their superstep', async () => {
  await using workers = await world.start();
  const controls = signals();
  const claimed = await claim('ignore_abort', 60_000);
  const deaf = workers.run(claimed, controls);
  const long = await claim('ignore_abort', 12_000);
  const steps = await world.claimOf('steps', { steps: 100, ms: 8_000 });
  const neighbours = [run(workers, long), run(workers, steps)];
  await world.haveStarted(claimed, long, steps);
  controls.stop.abort(new Superseded({ by: 'later', action: 'rollback' }));
  expect(await deaf).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  expect(world.hasNoted(claimed.runId, 'end')).toBe(false);
  const unspent = { kind: 'handed_back', spendsAttempt: false, isolate: false };
  const [one, other] = await Promise.all(neighbours);
  // Its superstep was its last: there may be nothing left to hand back.
  expect(one).toMatchObject(one?.kind === 'succeeded' ? {} : unspent);
  expect(other).toMatchObject(unspent);
  // No superstep was cut off.
  expect(world.countNoted(long.runId, 'start')).toBe(1);
  expect(world.countNoted(long.runId, 'end')).toBe(1);
  expect(world.countNoted(steps.runId, 'end')).toBe(world.countNoted(steps.runId, 'start'));
});

test('a run that has not begun in a blocked thread moves to another one without spending an attempt', async () => {
  await using workers = await world.start();
  const blocker = await claim('block', 120_000);
  const blocked = run(workers, blocker);
  await world.haveStarted(blocker);
  let began = 0;
  const waiting = await claim('nothing');
  expect(await workers.run(waiting, { ...signals(), began: () => (began += 1) })).toMatchObject({ kind: 'succeeded' });
  expect(began).toBe(1);
  expect(world.hasNoted(blocker.runId, 'end')).toBe(false);
  await workers.stop();
  expect(await blocked).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  expect(world.countNoted(waiting.runId, 'start')).toBe(1);
});

test('stopping also ends blocked threads', async () => {
  const workers = await world.start();
  const blocking = run(workers, await claim('block', 60_000));
  await workers.stop();
  expect(await blocking).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
});

test('an abort reaches the graph', async () => {
  await using workers = await world.start();
  const controls = signals();
  const started = workers.run(await claim('ignore_abort', 300), controls);
  controls.stop.abort(new ShuttingDown('test'));
  expect(await started).not.toMatchObject({ kind: 'succeeded' });
});

test('embeddings of the store that do not load end the start, with the reason', async () => {
  const index = (exportName: string) => ({
    index: { dims: 3, embed: { file: fileOf('embed'), exportName }, fields: ['$'] },
    ttl: null,
  });
  await expect(world.start({ settings: { store: index('nothing') } })).rejects.toThrow(
    /store\.index\.embed of langgraph\.json: export nothing/,
  );
  await using workers = await world.start({ settings: { store: index('embed') } });
  expect(await run(workers, await claim('nothing'))).toMatchObject({ kind: 'succeeded' });
});

test('when a deaf graph ends after all, its neighbours keep their thread', async () => {
  await using workers = await world.start({ drainGraceMs: 1_500 });
  const [late, long] = [await claim('ignore_abort', 6_000), await claim('ignore_abort', 10_000)];
  const controls = signals();
  const deaf = workers.run(late, controls);
  const neighbour = run(workers, long);
  await world.haveStarted(late, long);
  controls.stop.abort(new Cancelled({ action: 'rollback' }));

  await deaf;
  expect(world.hasNoted(late.runId, 'end')).toBe(true);
  await neighbour;
  expect([world.countNoted(long.runId, 'start'), world.countNoted(long.runId, 'end')]).toEqual([1, 1]);
});
