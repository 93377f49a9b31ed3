import { randomUUID } from 'node:crypto';
import { Annotation, END, START, StateGraph, interrupt } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { GroupCommit } from './group-commit.ts';
import type { RunSaver } from './run-saver.ts';
import { createBatchWriter } from './write-batch.ts';
import { WriteRefused } from './write-claim.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const State = Annotation.Root({
  labels: Annotation<string[]>({ reducer: (all, added) => [...all, ...added], default: () => [] }),
});

type Step = (state: typeof State.State) => Partial<typeof State.State> | Promise<Partial<typeof State.State>>;

/** A line of two nodes on the given saver. */
function lineOf(first: Step, second: Step, checkpointer: BaseCheckpointSaver) {
  return new StateGraph(State)
    .addNode('first', first)
    .addNode('second', second)
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('second', END)
    .compile({ checkpointer });
}

const add = (label: string) => () => ({ labels: [label] });

function configOf(threadId: string, runId: string, more: Record<string, unknown> = {}) {
  return {
    configurable: { thread_id: threadId, run_id: runId, ...more },
    metadata: { run_id: runId },
    durability: 'sync' as const,
  };
}

describe('I7: a run that is invoked again with the same input', () => {
  test('continues after the supersteps that it has finished, with its input applied once', async () => {
    const claim = await world.startRun();
    const thread = randomUUID();
    let firstCalls = 0;
    let fails = true;
    const graph = lineOf(
      () => {
        firstCalls += 1;
        return { labels: ['first'] };
      },
      () => {
        if (fails) throw new Error('the process died here');
        return { labels: ['second'] };
      },
      world.saver(claim),
    );
    const run = () => graph.invoke({ labels: ['input'] }, configOf(thread, claim.runId));
    await expect(run()).rejects.toThrow('the process died here');
    fails = false;
    expect(await run()).toEqual({ labels: ['input', 'first', 'second'] });
    expect(firstCalls).toBe(1);
    expect(await run()).toEqual({ labels: ['input', 'first', 'second'] });
    expect(firstCalls).toBe(1);
  });

  test('is another run when its id is another', async () => {
    const thread = randomUUID();
    for (const _round of [1, 2]) {
      const claim = await world.startRun();
      await lineOf(add('a'), add('b'), world.saver(claim)).invoke({ labels: ['in'] }, configOf(thread, claim.runId));
    }
    const state = await lineOf(add('a'), add('b'), world.stock()).getState(configOf(thread, randomUUID()));
    expect(state.values.labels).toEqual(['in', 'a', 'b', 'in', 'a', 'b']);
  });
});

describe('I3: the fence', () => {
  test('refuses every write once the token was raised, and aborts nothing of others', async () => {
    const claim = await world.startRun();
    const other = await world.startRun();
    const thread = randomUUID();
    const refused: string[] = [];
    const graph = lineOf(
      async () => {
        await world.pool.query('update runlane.runs set fencing_token = 2 where run_id = $1', [claim.runId]);
        return { labels: ['written too late'] };
      },
      add('second'),
      world.saver(claim, { onRefused: () => refused.push('told') }),
    );
    const late = graph.invoke({ labels: ['in'] }, configOf(thread, claim.runId));
    const fine = lineOf(add('x'), add('y'), world.saver(other)).invoke(
      { labels: [] },
      configOf(randomUUID(), other.runId),
    );
    await expect(late).rejects.toThrow(WriteRefused);
    expect(await fine).toEqual({ labels: ['x', 'y'] });
    expect(refused).toEqual(['told']);
    const state = await lineOf(add(''), add(''), world.stock()).getState(configOf(thread, claim.runId));
    expect(state.values.labels).toEqual(['in']);
    expect(state.next).toEqual(['first']);
  });

  test('refuses a run that is not running any more', async () => {
    const claim = await world.startRun();
    await world.pool.query(`update runlane.runs set status = 'success' where run_id = $1`, [claim.runId]);
    const run = lineOf(add('a'), add('b'), world.saver(claim)).invoke(
      { labels: [] },
      configOf(randomUUID(), claim.runId),
    );
    await expect(run).rejects.toThrow(/not owned under token 1/);
  });

  test('a settlement waits for a write under way, and a write for a settlement', async () => {
    const claim = await world.startRun();
    const client = await world.pool.connect();
    await client.query('begin');
    await client.query(`update runlane.runs set status = 'success' where run_id = $1`, [claim.runId]);
    const run = lineOf(add('a'), add('b'), world.saver(claim)).invoke(
      { labels: [] },
      configOf(randomUUID(), claim.runId),
    );
    await client.query('commit');
    client.release();
    await expect(run).rejects.toThrow(WriteRefused);
  });
});

test('I9: a closed saver has written everything it began, and writes nothing more', async () => {
  const claim = await world.startRun();
  const thread = randomUUID();
  const saver = world.saver(claim);
  const nodeRuns = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const run = lineOf(
    async () => {
      nodeRuns.resolve();
      await mayGoOn.promise;
      return { labels: ['after the end'] };
    },
    add('second'),
    saver,
  ).invoke({ labels: ['in'] }, configOf(thread, claim.runId));
  await nodeRuns.promise;
  await saver.quiesce();
  const before = [await world.count('checkpoints', thread), await world.count('checkpoint_writes', thread)];
  mayGoOn.resolve();
  await expect(run).rejects.toThrow(/is closed/);
  expect([await world.count('checkpoints', thread), await world.count('checkpoint_writes', thread)]).toEqual(before);
  expect(before[0]).toBeGreaterThan(0);
});

describe('the stock saver', () => {
  test('reads what a run has written, and continues it', async () => {
    const claim = await world.startRun();
    const thread = randomUUID();
    await lineOf(add('a'), add('b'), world.saver(claim)).invoke({ labels: ['1'] }, configOf(thread, claim.runId));
    const stock = lineOf(add('c'), add('d'), world.stock());
    expect(await stock.invoke({ labels: ['2'] }, configOf(thread, randomUUID()))).toEqual({
      labels: ['1', 'a', 'b', '2', 'c', 'd'],
    });
  });

  test('has its threads continued', async () => {
    const claim = await world.startRun();
    const thread = randomUUID();
    await lineOf(add('a'), add('b'), world.stock()).invoke({ labels: ['1'] }, configOf(thread, randomUUID()));
    const ours = lineOf(add('c'), add('d'), world.saver(claim));
    expect(await ours.invoke({ labels: ['2'] }, configOf(thread, claim.runId))).toEqual({
      labels: ['1', 'a', 'b', '2', 'c', 'd'],
    });
  });
});

describe('a fork from an earlier checkpoint', () => {
  async function forked(saver: () => Promise<[BaseCheckpointSaver, string]>): Promise<string[]> {
    const thread = randomUUID();
    const [one, oneId] = await saver();
    await lineOf(add('a'), add('b'), one).invoke({ labels: ['1'] }, configOf(thread, oneId));
    const base = (await lineOf(add(''), add(''), one).getState(configOf(thread, oneId))).config.configurable;
    const [two, twoId] = await saver();
    await lineOf(add('left'), add('left'), two).invoke({ labels: ['2'] }, configOf(thread, twoId));
    const [three, threeId] = await saver();
    const graph = lineOf(add('right'), add('right'), three);
    await graph.invoke({ labels: ['3'] }, configOf(thread, threeId, { checkpoint_id: base?.['checkpoint_id'] }));
    return (await graph.getState({ configurable: { thread_id: thread } })).values.labels;
  }

  test('reads none of the values of the other branch', async () => {
    expect(
      await forked(async () => {
        const claim = await world.startRun();
        return [world.saver(claim), claim.runId];
      }),
    ).toEqual(['1', 'a', 'b', '3', 'right', 'right']);
  });

  test('reads them with the stock saver, which is why ours numbers versions differently', async () => {
    expect(await forked(async () => [world.stock(), randomUUID()])).toContain('left');
  });
});

test('an interrupt is kept and answered', async () => {
  const claim = await world.startRun();
  const thread = randomUUID();
  const graph = lineOf(() => ({ labels: [interrupt<string, string>('sure?')] }), add('b'), world.saver(claim));
  await graph.invoke({ labels: ['in'] }, configOf(thread, claim.runId));
  const state = await lineOf(add(''), add(''), world.stock()).getState(configOf(thread, claim.runId));
  expect(state.tasks[0]?.interrupts[0]?.value).toBe('sure?');
});

describe('group commits', () => {
  test('carry the writes of many runs in few statements', async () => {
    world.batchSizes.length = 0;
    const runs = Array.from({ length: 20 }, async () => {
      const claim = await world.startRun();
      const graph = lineOf(add('a'), add('b'), world.saver(claim));
      return graph.invoke({ labels: ['in'] }, configOf(randomUUID(), claim.runId));
    });
    for (const result of await Promise.all(runs)) expect(result).toEqual({ labels: ['in', 'a', 'b'] });
    const operations = world.batchSizes.reduce((sum, size) => sum + size, 0);
    expect(operations).toBeGreaterThan(20 * 5);
    expect(world.batchSizes.length).toBeLessThan(operations / 4);
  });

  test('let a value that Postgres cannot hold fail its own run only', async () => {
    const bad = await world.startRun();
    const good = await world.startRun();
    const config = (threadId: string, runId: string) => configOf(threadId, runId);
    const results = await Promise.allSettled([
      lineOf(add('a'), add('b'), world.saver(bad)).invoke({ labels: [] }, config('nul \u0000 in the id', bad.runId)),
      lineOf(add('a'), add('b'), world.saver(good)).invoke({ labels: [] }, config(randomUUID(), good.runId)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});

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

  test('shares one commit between supersteps that pass while another is under way, and tells when all are committed', async () => {
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

  test('stops its graph at once after a write that the database refuses, and writes nothing more', async () => {
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
    await expect(lineOf(first, second, saver).invoke({ labels: ['in'] }, config)).rejects.toThrow();
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

describe('an outage that does not end', () => {
  const gone = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));

  test.each([
    ['the attempt is aborted', (abort: AbortController) => abort.abort()],
    ['the saver is closed', (_abort: AbortController, saver: RunSaver) => void saver.quiesce()],
  ])('is waited for until %s', async (_when, stop) => {
    const claim = await world.startRun();
    const held = Promise.withResolvers<void>();
    const abort = new AbortController();
    const commits = new GroupCommit(gone, { onHeld: () => held.resolve() });
    const saver = world.saver(claim, { commits, signal: abort.signal });
    const writing = saver.putWrites(placed(randomUUID()), [['labels', 'x']], randomUUID());
    await held.promise;
    stop(abort, saver);
    await expect(writing).rejects.toThrow('gone');
    expect(saver.failure).toMatchObject({ kind: 'outage' });
  });

  test('is waited for by reads as well', async () => {
    const claim = await world.startRun();
    const abort = new AbortController();
    let tries = 0;
    const pool = Object.create(world.pool, {
      query: {
        value: (...query: Parameters<typeof world.pool.query>) => {
          tries += 1;
          return tries <= 3 ? gone() : Reflect.apply(world.pool.query, world.pool, query);
        },
      },
    });
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

  test('may not write the state of a thread that is not the run’s', async () => {
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

  test('runs as a subgraph, and with a thread_id of its own apart from the state of that thread', async () => {
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
