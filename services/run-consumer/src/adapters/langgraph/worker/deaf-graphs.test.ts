/** Graphs that do not end after an abort, and the runs beside them. Real: worker threads, LangGraph, Postgres. */
import { LeaseLost, Superseded } from '../../../domain/abort-reasons.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DeafGraphs } from './deaf-graphs.ts';
import type { GraphWorkers } from './graph-workers.ts';
import type { WorkerEvent } from './worker-events.ts';
import { WorkersWorld, signals } from './workers.fixture.ts';

let world: WorkersWorld;
beforeAll(async () => {
  world = await WorkersWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

test('a graph is remembered as deaf for a while after the last time', () => {
  let nowMs = 0;
  const deaf = new DeafGraphs(1_000, () => nowMs);
  expect([deaf.has('a'), deaf.isEmpty]).toEqual([false, true]);
  deaf.remember('a');
  nowMs = 900;
  deaf.remember('a');
  nowMs = 1_899;
  expect([deaf.has('a'), deaf.has('b'), deaf.isEmpty]).toEqual([true, false, false]);
  nowMs = 1_900;
  expect([deaf.has('a'), deaf.isEmpty]).toEqual([false, true]);
});

/** A run of `misbehaving` whose node goes on for long after its abort. */
async function deafRun(workers: GraphWorkers): Promise<void> {
  const controls = signals();
  const claimed = await world.claim('ignore_abort', 120_000);
  const outcome = workers.run(claimed, controls);
  await world.haveStarted(claimed);
  controls.stop.abort(new Superseded({ by: 'later', action: 'rollback' }));
  expect(await outcome).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  expect(world.hasNoted(claimed.runId, 'end')).toBe(false);
}

test('I10: from its second time on a deaf graph moves no run of another graph, until it is forgotten', async () => {
  const happened: WorkerEvent[] = [];
  // On a machine that stalls, its threads are silent too.
  const onEvent = (event: WorkerEvent) => void (event.kind === 'silent' || happened.push(event));
  await using workers = await world.start({ deafForMs: 60_000, onEvent });
  await deafRun(workers);
  const isEnded = (event: WorkerEvent) => event.kind === 'ended';
  expect(happened).toEqual([
    { kind: 'deaf', graphId: 'misbehaving' },
    { kind: 'ended', why: 'deaf_graph' },
  ]);
  const endless = { config: { recursion_limit: 1_000_000 } };
  const steps = await world.claimOf('steps', { steps: 1_000_000, ms: 200 }, endless);
  const controls = signals();
  const neighbour = workers.run(steps, controls);
  await world.haveStarted(steps);
  await deafRun(workers);
  await deafRun(workers);
  expect(happened.filter(isEnded)).toHaveLength(3);
  controls.stop.abort(new Superseded({ by: 'later', action: 'interrupt' }));
  // It has executed all the time, in the thread that it began in: otherwise it would have been handed back.
  expect(await neighbour).toMatchObject({ kind: 'failed', head: { next: ['step'] } });
});

test('I3: when the lease is lost while a thread is emptied the thread ends immediately, and no run spends an attempt', async () => {
  const deafNow = Promise.withResolvers<void>();
  const onEvent = (event: WorkerEvent) => (event.kind === 'deaf' ? deafNow.resolve() : undefined);
  await using workers = await world.start({ onEvent });
  const [deaf, beside] = [await world.claim('ignore_abort', 120_000), await world.claim('ignore_abort', 120_000)];
  const [superseded, lost] = [signals(), signals()];
  const outcomes = Promise.all([workers.run(deaf, superseded), workers.run(beside, lost)]);
  await world.haveStarted(deaf, beside);
  superseded.stop.abort(new Superseded({ by: 'later', action: 'interrupt' }));
  await deafNow.promise;
  lost.stop.abort(new LeaseLost('executor'));
  const unspent = { kind: 'handed_back', spendsAttempt: false, isolate: false };
  expect(await outcomes).toMatchObject([unspent, unspent]);
  expect([deaf, beside].filter(({ runId }) => world.hasNoted(runId, 'end'))).toEqual([]);
});

test('I9: a node that uses its store after its abort ends immediately, and is not deaf', async () => {
  const happened: WorkerEvent[] = [];
  await using workers = await world.start({ onEvent: (event) => happened.push(event) });
  const steps = await world.claimOf('steps', { steps: 3, ms: 1_000 });
  const controls = signals();
  const outcome = workers.run(steps, controls);
  await world.haveStarted(steps);
  controls.stop.abort(new Superseded({ by: 'later', action: 'interrupt' }));
  expect(await outcome).toMatchObject({ kind: 'failed', head: { next: ['step'] } });
  expect(happened).toEqual([]);
});
