/**
 * The fields of a request that say where and how a run starts and stops; each is enforced, or the
 * run says why it cannot be.
 * Real: Kafka, Postgres, the process and its graphs. Decides: the status topic, what the graphs did, and the
 * checkpoints that LangGraph left.
 */
import { randomUUID } from 'node:crypto';
import type { RunStatusEvent } from '@runlane/contracts';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  await world.runConsumer().ready();
});

afterAll(() => world[Symbol.asyncDispose]());

test('context reaches the graph', async () => {
  const context = { user: 'u-1', deep: { list: [1, null] } };

  expect(await run('context', { assistant_id: 'builder', input: { label: 'x' }, context })).toMatchObject({
    type: 'run.succeeded',
    values: { seen: { context } },
  });
});

describe('breakpoints', () => {
  test.for([
    { threadId: 'before', request: { interrupt_before: ['second'] } },
    { threadId: 'after', request: { interrupt_after: ['first'] } },
    { threadId: 'after-all', request: { interrupt_after: '*' } },
  ])('pause the run ($request), and null goes on from there', async ({ threadId, request }) => {
    expect(await run(threadId, request)).toMatchObject({
      type: 'run.paused',
      status: 'success',
      thread_status: 'interrupted',
      interrupts: [],
      next: ['second'],
      values: { labels: ['a:first'] },
    });

    expect(await run(threadId, { input: null })).toMatchObject({
      type: 'run.succeeded',
      reason: null,
      thread_status: 'idle',
      values: { labels: ['a:first', 'a:second'] },
    });
    expect(world.nodesExecuted(threadId)).toEqual(['first', 'second']);
  });

  test('before the first node nothing runs', async () => {
    expect(await run('before-all', { interrupt_before: '*' })).toMatchObject({ type: 'run.paused', next: ['first'] });
    expect(world.nodesExecuted('before-all')).toEqual([]);
  });

  test('after the last node leave nothing to continue', async () => {
    expect(await run('after-last', { interrupt_after: ['second'] })).toMatchObject({
      type: 'run.succeeded',
      next: [],
      thread_status: 'idle',
    });
  });

  test.for(['interrupt_before', 'interrupt_after'])('%s at a node that does not exist fails the run', async (field) => {
    const threadId = `unknown-${field}`;

    expect(await run(threadId, { [field]: ['first', 'third'] })).toMatchObject({
      type: 'run.failed',
      reason: 'unknown_node',
      error: { message: expect.stringMatching(/third.*Nodes: first, second/) },
      thread_status: 'error',
    });
    expect(world.nodesExecuted(threadId)).toEqual([]);
  });
});

describe('checkpoint_id', () => {
  test('starts from that checkpoint, and the thread goes on from there', async () => {
    const first = await run('fork', { input: { label: 'a', ms: 0 } });
    await run('fork', { input: { label: 'b', ms: 0 } });

    const fork = await run('fork', { input: { label: 'c', ms: 0 }, checkpoint_id: first.checkpoint_id });
    expect(fork.values).toMatchObject({ labels: labelsOf('a', 'c') });

    expect((await run('fork', { input: { label: 'd', ms: 0 } })).values).toMatchObject({
      labels: labelsOf('a', 'c', 'd'),
    });
  });

  test('of another thread, or none, fails the run', async () => {
    const other = await run('owner', {});

    for (const checkpointId of [other.checkpoint_id, randomUUID(), 'no such checkpoint']) {
      const threadId = `stranger-${checkpointId}`;
      expect(await run(threadId, { checkpoint_id: checkpointId })).toMatchObject({
        type: 'run.failed',
        reason: 'checkpoint_not_found',
        error: { message: expect.stringContaining(String(checkpointId)) },
      });
      expect(world.nodesExecuted(threadId)).toEqual([]);
    }
  });
});

test('if_not_exists: reject runs on an existing thread, and creates none', async () => {
  expect(await run('given', { if_not_exists: 'reject' })).toMatchObject({
    type: 'run.rejected',
    reason: 'thread_not_found',
    thread_status: null,
  });
  await run('given', {});

  expect(await run('given', { if_not_exists: 'reject' })).toMatchObject({ type: 'run.succeeded' });
});

test('durability exit keeps only the last checkpoint, sync and async keep every superstep', async () => {
  const checkpoints: Record<string, number> = {};
  for (const durability of ['exit', 'sync', 'async']) {
    expect(await run(`durability-${durability}`, { durability })).toMatchObject({
      type: 'run.succeeded',
      values: { labels: labelsOf('a') },
    });
    const { rows } = await world.pool.query<{ count: number }>(
      'select count(*)::int as count from checkpoints where thread_id = $1',
      [`durability-${durability}`],
    );
    checkpoints[durability] = rows[0]?.count ?? 0;
  }

  // The input, the state before the first node, and the state after each of the two.
  expect(checkpoints).toEqual({ exit: 1, sync: 4, async: 4 });
});

/** Publishes one run and resolves with its terminal event. */
async function run(threadId: string, request: Record<string, unknown>): Promise<RunStatusEvent> {
  const runId = randomUUID();
  await world.publish(runCreate(threadId, { run_id: runId, ...request }));
  return events.terminal(runId);
}

function labelsOf(...labels: string[]): string[] {
  return labels.flatMap((label) => [`${label}:first`, `${label}:second`]);
}
