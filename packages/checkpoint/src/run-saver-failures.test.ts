/**
 * A saver whose database refuses, overruns or goes away, and a saver that is asked about other threads. Real: Postgres
 * and LangGraph; Doubled: outages, by a writer or a pool that fails as the driver does.
 */
import { randomUUID } from 'node:crypto';
import { END, START, StateGraph } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { eventually } from '@runlane/testkit';
import type { Pool, QueryConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { GroupCommit } from './group-commit.ts';
import { State, add, configOf, lineOf } from './label-graphs.fixture.ts';
import type { RunSaver } from './run-saver.ts';
import { createBatchWriter } from './write-batch.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

describe('a deferred saver', () => {
  /** Commits that wait for `open`, and fail the first time with `failure`. */
  function gated(failure: Error | null = null) {
    const gate = Promise.withResolvers<void>();
    const write = createBatchWriter(world.pool, 'public');
    let failed = failure === null;
    let statements = 0;
    const commits = new GroupCommit(async (batch) => {
      statements += 1;
      await gate.promise;
      if (failed) return write(batch);
      failed = true;
      throw failure ?? new Error('never');
    });
    return { commits, open: gate.resolve, statementCount: () => statements };
  }

  test('commits the supersteps that end during a commit together, and resolves when all are committed', async () => {
    const claim = await world.startRun();
    const thread = randomUUID();
    const { commits, open, statementCount } = gated();
    const saver = world.saver(claim, { commits, isDeferred: true });
    const seen: string[] = [];
    const step = (label: string) => () => {
      seen.push(label);
      if (label === 'second') open();
      return { labels: [label] };
    };
    const config = { ...configOf(thread, claim.runId), durability: 'async' as const };
    await lineOf(step('first'), step('second'), saver).invoke({ labels: ['in'] }, config);
    await saver.flush();
    expect(seen).toEqual(['first', 'second']);
    expect(statementCount()).toBeLessThanOrEqual(3);
    const state = await lineOf(add(''), add(''), world.stock()).getState(configOf(thread, claim.runId));
    expect(state.values.labels).toEqual(['in', 'first', 'second']);
  });

  test('stops its graph immediately after a write that the database refuses, and writes nothing more', async () => {
    const claim = await world.startRun();
    const thread = randomUUID();
    const gate = Promise.withResolvers<void>();
    const commits = new GroupCommit(async () => {
      await gate.promise;
      throw new Error('refused');
    });
    const abort = new AbortController();
    const failures: unknown[] = [];
    const saver = world.saver(claim, {
      commits,
      isDeferred: true,
      onFailure: (error) => {
        failures.push(error);
        abort.abort(error);
      },
    });
    const seen: string[] = [];
    const first = async () => {
      seen.push('first');
      gate.resolve();
      await eventually(() => failures.length > 0, { what: 'the failure is told' });
      return { labels: ['first'] };
    };
    const second = () => {
      seen.push('second');
      return { labels: ['second'] };
    };
    const config = { ...configOf(thread, claim.runId), durability: 'async' as const, signal: abort.signal };
    await expect(lineOf(first, second, saver).invoke({ labels: ['in'] }, config)).rejects.toThrow('refused');
    await expect(saver.flush()).rejects.toThrow('refused');
    expect(seen).toEqual(['first']);
    expect(failures).toHaveLength(1);
    expect(saver.failure).toMatchObject({ kind: 'refused_value' });
    expect(saver.mayGoOn).toBe(false);
    await expect(saver.putWrites(placed(thread), [['labels', 'more']], randomUUID())).rejects.toThrow('refused');
    expect(await world.count('checkpoints', thread)).toBe(0);
  });

  test('goes on after an outage, with everything written', async () => {
    const claim = await world.startRun();
    const thread = randomUUID();
    const { commits, open } = gated(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
    const saver = world.saver(claim, { commits, isDeferred: true });
    const config = { ...configOf(thread, claim.runId), durability: 'async' as const };
    const running = lineOf(add('a'), add('b'), saver).invoke({ labels: ['in'] }, config);
    open();
    expect(await running).toEqual({ labels: ['in', 'a', 'b'] });
    await saver.flush();
    expect(saver.failure).toBe(null);
    const state = await lineOf(add(''), add(''), world.stock()).getState(configOf(thread, claim.runId));
    expect(state.values.labels).toEqual(['in', 'a', 'b']);
  });
});

const placed = (thread: string) => ({
  configurable: { thread_id: thread, checkpoint_ns: '', checkpoint_id: randomUUID() },
});

describe('an outage that lasts', () => {
  const gone = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));

  test.each([
    ['the attempt is aborted', (abort: AbortController) => abort.abort()],
    ['the saver is closed', (_abort: AbortController, saver: RunSaver) => void saver.quiesce()],
  ])('is waited out until %s', async (_when, stop) => {
    const claim = await world.startRun();
    const held = Promise.withResolvers<void>();
    const abort = new AbortController();
    const commits = new GroupCommit(gone, { onHeld: () => held.resolve() });
    const saver = world.saver(claim, { commits, signal: abort.signal });
    const writing = saver.putWrites(placed(randomUUID()), [['labels', 'x']], randomUUID());
    writing.catch(() => undefined); // awaited below
    await held.promise;
    stop(abort, saver);
    await expect(writing).rejects.toThrow('gone');
    expect(saver.failure).toMatchObject({ kind: 'outage' });
  });

  test('is waited out by reads as well', async () => {
    const claim = await world.startRun();
    const abort = new AbortController();
    let tries = 0;
    const query = (config: QueryConfig) => {
      tries += 1;
      return tries <= 3 ? gone() : world.pool.query(config);
    };
    const pool: Pool = Object.create(world.pool, { query: { value: query } });
    const saver = world.saver(claim, { pool, signal: abort.signal });
    expect(await saver.getTuple({ configurable: { thread_id: randomUUID() } })).toBe(undefined);
    expect(tries).toBe(4);
    tries = 0;
    abort.abort(new Error('stopped'));
    await expect(saver.getTuple({ configurable: { thread_id: randomUUID() } })).rejects.toThrow('gone');
    expect(saver.failure).toMatchObject({ kind: 'outage' });
  });
});

test('writes are committed in the order of their calls, whichever is serialised first', async () => {
  const claim = await world.startRun();
  const order: string[] = [];
  const commits = new GroupCommit((batch) => {
    order.push(...batch.writes.map(({ taskId }) => taskId));
    return Promise.resolve(batch.claims);
  });
  const saver = world.saver(claim, { commits });
  const slow = Promise.withResolvers<void>();
  const dump = saver.serde.dumpsTyped.bind(saver.serde);
  saver.serde = {
    loadsTyped: saver.serde.loadsTyped.bind(saver.serde),
    dumpsTyped: async (value: unknown) => {
      if (value === 'slow') await slow.promise;
      return dump(value);
    },
  };
  const at = placed(randomUUID());
  const first = saver.putWrites(at, [['labels', 'slow']], 'first');
  const second = saver.putWrites(at, [['labels', 'quick']], 'second');
  await new Promise((resolve) => setImmediate(resolve));
  slow.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});

describe('a graph that a node invokes', () => {
  const outer = (checkpointer: BaseCheckpointSaver, invoke: () => Promise<unknown>) =>
    lineOf(
      async () => {
        await invoke();
        return { labels: ['outer'] };
      },
      add('second'),
      checkpointer,
    );
  const inner = (checkpointer?: BaseCheckpointSaver) =>
    new StateGraph(State)
      .addNode('inner', add('inner'))
      .addEdge(START, 'inner')
      .addEdge('inner', END)
      .compile(checkpointer === undefined ? {} : { checkpointer });

  test('may not write the state of another thread', async () => {
    const claim = await world.startRun();
    const [thread, other] = [randomUUID(), randomUUID()];
    const saver = world.saver(claim, { threadId: thread });
    const graph = inner(saver);
    const elsewhere = { configurable: { thread_id: other, checkpoint_ns: '' } };
    const run = outer(saver, () => graph.invoke({ labels: [] }, elsewhere));
    await expect(run.invoke({ labels: [] }, configOf(thread, claim.runId))).rejects.toThrow(
      `wrote the state of thread ${other}`,
    );
    expect(await world.count('checkpoints', other)).toBe(0);
  });

  test('runs as a subgraph, and with another thread_id still does not touch the state of that thread', async () => {
    const claim = await world.startRun();
    const [thread, other] = [randomUUID(), randomUUID()];
    const saver = world.saver(claim, { threadId: thread });
    const sub = inner();
    const apart = inner(world.stock());
    const run = outer(saver, async () => {
      await sub.invoke({ labels: [] });
      await apart.invoke({ labels: [] }, { configurable: { thread_id: other } });
    });
    expect(await run.invoke({ labels: [] }, configOf(thread, claim.runId))).toEqual({ labels: ['outer', 'second'] });
    expect(await world.count('checkpoints', other)).toBeGreaterThan(0);
    expect(await world.stock().getTuple({ configurable: { thread_id: other } })).toBe(undefined);
  });
});
