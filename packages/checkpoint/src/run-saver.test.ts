import { randomUUID } from 'node:crypto';
import { interrupt } from '@langchain/langgraph';
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { add, configOf, lineOf } from './label-graphs.fixture.ts';
import { WriteRefused } from './claim.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

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

  test('counts as another run when its id is another', async () => {
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
  test('refuses every write after the token was raised, and fails no write of others', async () => {
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

  test('refuses the writes of a run that is no longer running', async () => {
    const claim = await world.startRun();
    await world.pool.query(`update runlane.runs set status = 'success' where run_id = $1`, [claim.runId]);
    const run = lineOf(add('a'), add('b'), world.saver(claim)).invoke(
      { labels: [] },
      configOf(randomUUID(), claim.runId),
    );
    await expect(run).rejects.toThrow(/not owned under token 1/);
  });

  test('a settlement waits for a write under way, and a write waits for a settlement', async () => {
    const claim = await world.startRun();
    const client = await world.pool.connect();
    await client.query('begin');
    await client.query(`update runlane.runs set status = 'success' where run_id = $1`, [claim.runId]);
    const run = lineOf(add('a'), add('b'), world.saver(claim)).invoke(
      { labels: [] },
      configOf(randomUUID(), claim.runId),
    );
    run.catch(() => undefined); // awaited below
    await client.query('commit');
    client.release();
    await expect(run).rejects.toThrow(WriteRefused);
  });
});

test('I9: a closed saver has finished the writes that it began, and begins none', async () => {
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
  run.catch(() => undefined); // awaited below
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

  test('has made threads that our saver continues', async () => {
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
  test('write for many runs in few statements', async () => {
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

  test('fail only the run whose value Postgres cannot hold', async () => {
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
