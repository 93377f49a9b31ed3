/**
 * What graphs can do to the thread that they run in, and what becomes of the runs beside them.
 * Real: worker threads, LangGraph, Postgres.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cancelled, LeaseLost, ShuttingDown, Superseded } from '@runlane/service-kit';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { RunSignals } from '../../../app/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import type { StoreSettings } from '../langgraph-json-store.ts';
import { readLangGraphJson } from '../langgraph-json.ts';
import { prepareStore } from '../prepare-store.ts';
import { RunRows, silent } from '../run-rows.fixture.ts';
import { GraphWorkers } from './graph-workers.ts';

const GRAPHS = new URL('../../../../../../test/graphs/src/', import.meta.url);
const fileOf = (graphId: string) => fileURLToPath(new URL(`${graphId}.ts`, GRAPHS));

/** A LangGraph.js project with what plain type stripping cannot run. */
const project = readLangGraphJson(
  fileURLToPath(new URL('../../../../../../test/graphs/project/langgraph.json', import.meta.url)),
  {},
);

const directory = mkdtempSync(join(tmpdir(), 'runlane-workers-'));
const sideEffects = join(directory, 'side-effects.jsonl');

let rows: RunRows;
beforeAll(async () => {
  writeFileSync(sideEffects, '');
  rows = await RunRows.create(inject('databaseUrl'));
  const { pool, databaseUrl } = rows;
  const settings = { index: null, ttl: null };
  await prepareStore(pool, { databaseUrl, schema: 'public', settings, embeddings: null, logger: silent });
});
afterAll(async () => {
  await rows[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

async function startWorkers(
  threadCount = 1,
  store: StoreSettings = { index: null, ttl: null },
  drainGraceMs = 60_000,
): Promise<GraphWorkers & AsyncDisposable> {
  const workers = new GraphWorkers({
    settings: {
      databaseUrl: rows.databaseUrl,
      checkpointSchema: 'public',
      poolSize: 2,
      directory: project.directory,
      graphs: [
        ...['misbehaving', 'steps'].map((graphId) => ({ graphId, file: fileOf(graphId), exportName: 'graph' })),
        ...project.graphs,
      ],
      tsconfig: project.tsconfig,
      store,
      stackLength: 0,
      logLevel: 'silent',
    },
    environment: { ...process.env, SIDE_EFFECTS_FILE: sideEffects },
    memoryMb: 128,
    threadCount,
    drainGraceMs,
    leaseMs: 6_000,
    logger: silent,
  });
  workers.leaseEnd.moveTo(performance.now() + 3_600_000);
  await workers.start();
  return Object.assign(workers, { [Symbol.asyncDispose]: () => workers.stop() });
}

const claim = (what: string, ms = 0) => rows.claim(randomUUID(), { assistant_id: 'misbehaving', input: { what, ms } });

function signals(): RunSignals & { stop: AbortController } {
  const stop = new AbortController();
  return { abort: stop.signal, drain: new AbortController().signal, stop };
}

const run = (workers: GraphWorkers, claimed: ClaimedRun): Promise<Outcome> => workers.run(claimed, signals());

test('a run ends with its outcome, and the next one uses the same thread', async () => {
  await using workers = await startWorkers();
  expect(await run(workers, await claim('nothing'))).toMatchObject({ kind: 'succeeded' });
  expect(await run(workers, await claim('unhandled'))).toMatchObject({ kind: 'succeeded' });
});

test('an error in a callback, which nobody catches, ends no run', async () => {
  await using workers = await startWorkers();
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
  await using workers = await startWorkers();
  const claimed = await rows.claim(randomUUID(), { assistant_id: graphId, input: {} });
  expect(await run(workers, claimed)).toMatchObject({ kind: 'succeeded', head: { values } });
});

test('a graph that blocks its thread leaves the main thread free', async () => {
  await using workers = await startWorkers();
  let ticks = 0;
  const ticking = setInterval(() => (ticks += 1), 10);
  const outcome = await run(workers, await claim('block', 500));
  clearInterval(ticking);
  expect(outcome).toMatchObject({ kind: 'succeeded' });
  expect(ticks).toBeGreaterThan(10);
});

test.each(['memory', 'exit'])('a thread that ends by %s costs its runs an attempt, and no other', async (what) => {
  await using workers = await startWorkers(2);
  const [culprit, elsewhere] = [await claim(what), await claim('block', 1_500)];
  // The thread with the fewest runs takes the next one, so they are in different threads.
  const outcomes = await Promise.all([run(workers, culprit), run(workers, elsewhere)]);
  expect(outcomes[0]).toMatchObject({ kind: 'handed_back', spendsAttempt: true, isolate: true });
  expect(outcomes[1]).toMatchObject({ kind: 'succeeded' });
  // The thread is replaced.
  expect(await run(workers, await claim('nothing'))).toMatchObject({ kind: 'succeeded' });
});

test.each(['memory', 'exit', 'kill'])(
  'I10: a run that was there when a thread or process went is executed apart, and its %s ends nothing else',
  async (what) => {
    await using workers = await startWorkers();
    const neighbour = run(workers, await claim('ignore_abort', 800));
    const again = await rows.claimAgain(await claim(what));
    expect(await run(workers, { ...again, isIsolated: true })).toMatchObject({
      kind: 'handed_back',
      spendsAttempt: true,
      isolate: true,
    });
    expect(await neighbour).toMatchObject({ kind: 'succeeded' });
  },
);

test('a run that is executed apart ends with its outcome, and stays apart when it is handed back', async () => {
  await using workers = await startWorkers();
  expect(await run(workers, { ...(await claim('nothing')), isIsolated: true })).toMatchObject({ kind: 'succeeded' });
  const stopped = run(workers, { ...(await claim('block', 60_000)), isIsolated: true });
  await workers.stop();
  expect(await stopped).toMatchObject({ kind: 'handed_back', spendsAttempt: false, isolate: true });
});

test('of many runs that are executed apart four have a process at a time, and one that is aborted waits no longer', async () => {
  await using workers = await startWorkers();
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

test('a graph that does not end after its abort is ended with its thread, and its neighbours spend nothing', async () => {
  await using workers = await startWorkers();
  const controls = signals();
  const deaf = workers.run(await claim('ignore_abort', 60_000), controls);
  const neighbour = run(workers, await claim('ignore_abort', 60_000));
  controls.stop.abort(new LeaseLost('executor'));
  expect(await deaf).toMatchObject({ kind: expect.stringMatching(/handed_back|failed/) });
  const blocked = signals();
  const blockingRun = await claim('block', 60_000);
  const blocking = workers.run(blockingRun, blocked);
  await eventually(() => readFileSync(sideEffects, 'utf8').includes(blockingRun.runId), {
    what: 'the thread is blocked',
  });
  blocked.stop.abort(new LeaseLost('executor'));
  expect(await blocking).toMatchObject({ kind: 'handed_back' });
  expect(await neighbour).toMatchObject({ kind: 'handed_back', spendsAttempt: false, isolate: false });
});

const countNoted = (runId: string, at: 'start' | 'end') =>
  readFileSync(sideEffects, 'utf8')
    .split('\n')
    .filter((line) => line.includes(runId) && line.includes(`"at":"${at}"`)).length;

const hasNoted = (runId: string, at: 'start' | 'end') => countNoted(runId, at) > 0;

test('I9: a node that does not look at its signal has ended when its run has', async () => {
  await using workers = await startWorkers();
  const controls = signals();
  const claimed = await claim('ignore_abort', 1_500);
  const outcome = workers.run(claimed, controls);
  await eventually(() => hasNoted(claimed.runId, 'start'), { what: 'the node has started' });
  controls.stop.abort(new Cancelled({ how: 'interrupt' }));
  expect(await outcome).toMatchObject({ kind: 'failed', head: { next: ['act'] } });
  expect(hasNoted(claimed.runId, 'end')).toBe(true);
});

test('a node that goes on for longer than the grace is ended with its thread, its neighbours after their superstep', async () => {
  await using workers = await startWorkers();
  const controls = signals();
  const claimed = await claim('ignore_abort', 60_000);
  const deaf = workers.run(claimed, controls);
  const long = await claim('ignore_abort', 12_000);
  const steps = await rows.claim(randomUUID(), { assistant_id: 'steps', input: { steps: 100, ms: 8_000 } });
  const neighbours = [run(workers, long), run(workers, steps)];
  await eventually(() => [claimed, long, steps].every(({ runId }) => hasNoted(runId, 'start')), {
    what: 'the nodes have started',
  });
  controls.stop.abort(new Superseded({ by: 'later', how: 'rollback' }));
  expect(await deaf).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  expect(hasNoted(claimed.runId, 'end')).toBe(false);
  const unspent = { kind: 'handed_back', spendsAttempt: false, isolate: false };
  const [one, other] = await Promise.all(neighbours);
  // Its superstep was its last: there may be nothing left to hand back.
  expect(one).toMatchObject(one?.kind === 'succeeded' ? {} : unspent);
  expect(other).toMatchObject(unspent);
  // No superstep was cut off.
  expect(countNoted(long.runId, 'start')).toBe(1);
  expect(countNoted(long.runId, 'end')).toBe(1);
  expect(countNoted(steps.runId, 'end')).toBe(countNoted(steps.runId, 'start'));
});

test('a run that was posted to a blocked thread and has not begun goes on in another one, unspent', async () => {
  await using workers = await startWorkers();
  const blocker = await claim('block', 120_000);
  const blocked = run(workers, blocker);
  await eventually(() => hasNoted(blocker.runId, 'start'), { what: 'the thread is blocked' });
  let began = 0;
  const waiting = await claim('nothing');
  expect(await workers.run(waiting, { ...signals(), began: () => (began += 1) })).toMatchObject({ kind: 'succeeded' });
  expect(began).toBe(1);
  expect(hasNoted(blocker.runId, 'end')).toBe(false);
  await workers.stop();
  expect(await blocked).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
  expect(countNoted(waiting.runId, 'start')).toBe(1);
});

test('stopping ends threads that are blocked', async () => {
  const workers = await startWorkers();
  const blocking = run(workers, await claim('block', 60_000));
  await workers.stop();
  expect(await blocking).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
});

test('an abort reaches the graph', async () => {
  await using workers = await startWorkers();
  const controls = signals();
  const started = workers.run(await claim('ignore_abort', 300), controls);
  controls.stop.abort(new ShuttingDown('test'));
  expect(await started).not.toMatchObject({ kind: 'succeeded' });
});

test('embeddings of the store that do not load end the start, with the reason', async () => {
  const index = (exportName: string) => ({
    index: { dims: 3, embed: { file: fileURLToPath(new URL('embed.ts', GRAPHS)), exportName }, fields: ['$'] },
    ttl: null,
  });
  await expect(startWorkers(1, index('nothing'))).rejects.toThrow(
    /store\.index\.embed of langgraph\.json: export nothing/,
  );
  await using workers = await startWorkers(1, index('embed'));
  expect(await run(workers, await claim('nothing'))).toMatchObject({ kind: 'succeeded' });
});

test('a graph that was deaf and ends after all leaves its neighbours their time', async () => {
  await using workers = await startWorkers(1, undefined, 1_500);
  const [late, long] = [await claim('ignore_abort', 6_000), await claim('ignore_abort', 10_000)];
  const controls = signals();
  const deaf = workers.run(late, controls);
  const neighbour = run(workers, long);
  await eventually(() => hasNoted(late.runId, 'start') && hasNoted(long.runId, 'start'), { what: 'both have started' });
  controls.stop.abort(new Cancelled({ how: 'rollback' }));

  await deaf;
  expect(hasNoted(late.runId, 'end')).toBe(true);
  await neighbour;
  expect([countNoted(long.runId, 'start'), countNoted(long.runId, 'end')]).toEqual([1, 1]);
});
