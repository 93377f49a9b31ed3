/** The state in an event, compared with what `graph.invoke` returns. Real: Postgres, LangGraph, the saver. */
import { randomUUID } from 'node:crypto';
import { MemorySaver } from '@langchain/langgraph';
import type { Json } from '@runlane/contracts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { graph, narrow } from '../../../../../../test/graphs/src/values.ts';
import { Attempts, testGraph } from './attempts.fixture.ts';

let attempts: Attempts;
beforeAll(async () => {
  attempts = await Attempts.create(inject('databaseUrl'), [
    testGraph('graph', 'values'),
    testGraph('narrow', 'values', 'narrow'),
  ]);
});
afterAll(() => attempts[Symbol.asyncDispose]());

const claim = (graphId: string, request: Record<string, Json>) =>
  attempts.rows.claim(randomUUID(), { assistant_id: graphId, ...request });

const graphs = { graph, narrow };
const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

async function invoked(graphId: 'graph' | 'narrow', input: { end: 'well' | 'paused' }): Promise<unknown> {
  const bare = graphs[graphId].withConfig({});
  bare.checkpointer = new MemorySaver();
  const returned: object = await bare.invoke(input, { configurable: { thread_id: randomUUID() } });
  return JSON.parse(JSON.stringify({ ...returned, __interrupt__: undefined }, plain));
}

const cases = (['sync', 'async', 'exit'] as const).flatMap((durability) =>
  (['graph', 'narrow'] as const).map((graphId) => [durability, graphId] as const),
);

describe.each(cases)('values with durability %s of %s', (durability, graphId) => {
  test('of a successful run are what invoke returns', async () => {
    const values = await invoked(graphId, { end: 'well' });
    expect(values).toMatchObject({ answer: 'second', beside: 'done', count: '10' });
    const outcome = await attempts.execute(await claim(graphId, { durability, input: { end: 'well' } }));
    expect(outcome).toMatchObject({ kind: 'succeeded', head: { areValuesLossy: true } });
    expect('head' in outcome && outcome.head?.values).toEqual(values);
  });

  test('of a paused run include the results of nodes that ended beside the pause; its question is marked as well', async () => {
    const outcome = await attempts.execute(await claim(graphId, { durability, input: { end: 'paused' } }));
    expect(outcome).toMatchObject({
      kind: 'paused',
      head: { next: ['second'], interrupts: [{ value: { amount: 1 } }], areInterruptsLossy: true },
    });
    expect('head' in outcome && outcome.head?.values).toEqual(await invoked(graphId, { end: 'paused' }));
  });

  test('of a failed run are those of its last superstep', async () => {
    const outcome = await attempts.execute(await claim(graphId, { durability, input: { end: 'failed' } }));
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { message: 'as asked' },
      head: { values: { answer: 'first' } },
    });
  });
});

test('include untracked channels, and leave out channels that are no output', async () => {
  const { token } = (await invoked('graph', { end: 'well' })) as { token?: string };
  expect(token).toBe('untracked');
  expect(await invoked('narrow', { end: 'well' })).not.toHaveProperty('hidden');
});

test('a run that has nothing to do reports only the output channels of its thread', async () => {
  const run = await claim('narrow', { input: { end: 'well' } });
  await attempts.execute(run);
  await attempts.rows.settle(run);
  const next = await attempts.rows.claim(run.threadId, { assistant_id: 'narrow', input: null });
  const outcome = await attempts.execute(next);
  expect(outcome).toMatchObject({ kind: 'succeeded', nothingToContinue: true, head: { values: { answer: 'second' } } });
  expect('head' in outcome && outcome.head?.values).not.toHaveProperty('hidden');
});
