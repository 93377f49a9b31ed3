/** Runs of one thread on hosts whose clocks differ. Real: Postgres and LangGraph; Doubled: the clock, by moving `Date.now`. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { State, add, configOf, lineOf } from './label-graphs.fixture.ts';
import { END, START, StateGraph } from '@langchain/langgraph';
import { NewestCheckpoints } from './checkpoint-clock.ts';
import { checkpointFloorAt, idTimeMs } from './checkpoint-floor.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => world[Symbol.asyncDispose]());

/** How far the host's clock is ahead. It is waited for, so it is short. */
const AHEAD_MS = 400;

function moveClock(ms: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ms);
}

const labelsOf = async (thread: string): Promise<unknown> => {
  const state = await lineOf(add(''), add(''), world.stock()).getState({ configurable: { thread_id: thread } });
  return state.values.labels;
};

async function run(thread: string, label: string, behind: number[] = []): Promise<void> {
  const claim = await world.startRun();
  const saver = world.saver(claim, { onClockBehind: (ms) => behind.push(ms) });
  await lineOf(add(`${label}1`), add(`${label}2`), saver).invoke({ labels: [label] }, configOf(thread, claim.runId));
  await saver.flush();
}

test('a run after one of a host whose clock is ahead ends in the state of the thread', async () => {
  const thread = randomUUID();
  moveClock(AHEAD_MS);
  await run(thread, 'a');
  vi.restoreAllMocks();
  const behind: number[] = [];
  await run(thread, 'b', behind);
  expect(await labelsOf(thread)).toEqual(['a', 'a1', 'a2', 'b', 'b1', 'b2']);
  expect(behind).toEqual([expect.any(Number)]);
});

test('a run that continues at an earlier checkpoint waits for the newest one', async () => {
  const thread = randomUUID();
  await run(thread, 'a');
  const first = await world.stock().getTuple({ configurable: { thread_id: thread } });
  moveClock(AHEAD_MS);
  await run(thread, 'b');
  vi.restoreAllMocks();
  const claim = await world.startRun();
  const saver = world.saver(claim);
  const config = configOf(thread, claim.runId);
  const at = { ...config.configurable, checkpoint_id: first?.checkpoint.id };
  await lineOf(add('c1'), add('c2'), saver).invoke({ labels: ['c'] }, { ...config, configurable: at });
  await saver.flush();
  expect(await labelsOf(thread)).toEqual(['a', 'a1', 'a2', 'c', 'c1', 'c2']);
});

test('a clock that is set back during a run fails the write, and nothing is hidden', async () => {
  const thread = randomUUID();
  const claim = await world.startRun();
  const failures: unknown[] = [];
  const saver = world.saver(claim, { onFailure: (error) => failures.push(error) });
  const graph = new StateGraph(State)
    .addNode('back', () => {
      moveClock(-AHEAD_MS);
      return { labels: ['back'] };
    })
    .addEdge(START, 'back')
    .addEdge('back', END)
    .compile({ checkpointer: saver });
  await expect(graph.invoke({ labels: ['in'] }, configOf(thread, claim.runId))).rejects.toThrow('was set back');
  expect(saver.failure).toMatchObject({ kind: 'clock' });
  expect(failures).toHaveLength(1);
});

test('with a wrong clock nothing is read, and nothing is written of what it has read before', async () => {
  const thread = randomUUID();
  let isClockWrong = true;
  const claim = await world.startRun();
  const attempt = () => {
    const saver = world.saver(claim, { isClockWrong: () => isClockWrong });
    const label = () => {
      isClockWrong = true;
      return { labels: ['a'] };
    };
    return { saver, ended: lineOf(label, add('b'), saver).invoke({ labels: ['in'] }, configOf(thread, claim.runId)) };
  };
  const before = attempt();
  await expect(before.ended).rejects.toThrow('Run a time service on both');
  expect(before.saver.failure).toMatchObject({ kind: 'clock' });
  isClockWrong = false;
  const during = attempt();
  await expect(during.ended).rejects.toThrow('Run a time service on both');
  expect(during.saver.failure).toMatchObject({ kind: 'clock' });
  // What a task has returned may be stored with the checkpoint that it began at: the next attempt goes on from there.
  const newest = await world.stock().getTuple({ configurable: { thread_id: thread } });
  expect(newest?.checkpoint.channel_values['labels']).toEqual(['in']);
});

test('an attempt that has to stop does not wait for its clock', async () => {
  const thread = randomUUID();
  moveClock(3_600_000);
  await run(thread, 'a');
  vi.restoreAllMocks();
  const abort = new AbortController();
  const claim = await world.startRun();
  const saver = world.saver(claim, { signal: abort.signal, onClockBehind: () => abort.abort(new Error('stopped')) });
  await expect(saver.getTuple({ configurable: { thread_id: thread } })).rejects.toThrow('stopped');
});

test('an id says when it was made', () => {
  const atMs = 1_790_000_000_123;
  expect(idTimeMs(checkpointFloorAt(atMs))).toBe(atMs);
  expect(idTimeMs(randomUUID())).toBeNull();
});

test('ids of one millisecond may come in any order, as older versions of LangGraph make them', () => {
  const newest = new NewestCheckpoints({ pool: world.pool, schema: 'public', signal: new AbortController().signal });
  const at = checkpointFloorAt(Date.now());
  newest.notePut('t', '', at.replace('-8000-', '-bfff-'));
  expect(() => newest.notePut('t', '', at)).not.toThrow();
  expect(() => newest.notePut('t', '', checkpointFloorAt(Date.now() - 1_000))).toThrow('set back');
});
