/**
 * How a run ends depends on its graph. Real: Kafka, Postgres, the process and its graphs. Decides: the status topic.
 */
import { randomUUID } from 'node:crypto';
import { assistantIdOfGraph } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  await world.runConsumer().ready();
});

afterAll(() => world[Symbol.asyncDispose]());

test.for(['builder', 'factory', 'promise', 'agent'])('a graph given as %s runs with its config', async (assistant) => {
  const config = { tags: ['mine'], configurable: { colour: 'green' } };

  const ended = await run(`shape-${assistant}`, { assistant_id: assistant, input: { label: 'x' }, config });

  expect(ended).toMatchObject({
    type: 'run.succeeded',
    graph_id: assistant,
    assistant_id: assistantIdOfGraph(assistant),
    values: {
      label: 'x',
      seen: { label: 'x', env: 'from langgraph.json', colour: 'green', tags: ['mine'], store: true },
    },
  });
});

test.for(['lane', 'LANE'])('an assistant is found by the UUID that LangGraph gives to graph %s', async (spelling) => {
  const uuid = assistantIdOfGraph('lane');
  const assistantId = spelling === 'lane' ? uuid : uuid.toUpperCase();

  expect(await run(`uuid-${spelling}`, { assistant_id: assistantId })).toMatchObject({
    type: 'run.succeeded',
    graph_id: 'lane',
    assistant_id: uuid,
  });
});

test('a graph that throws fails its run with name and message, and the next run of the thread goes on', async () => {
  const failed = await run('throws', { assistant_id: 'thrower', input: { message: 'no such luck' } });
  expect(failed).toMatchObject({
    type: 'run.failed',
    status: 'error',
    reason: 'graph_error',
    error: { error: 'RangeError', message: 'no such luck' },
    thread_status: 'error',
    attempt: 1,
    next: ['throw'],
    values: { message: 'no such luck' },
  });

  const next = await run('throws', { assistant_id: 'thrower', input: { message: '' } });
  expect(next).toMatchObject({ type: 'run.succeeded', thread_status: 'idle', error: null, reason: null });
});

test.for([
  { assistant: 'not_there', message: /missing\.ts/ },
  { assistant: 'no_export', message: /no export nothing.*It exports .*builder/ },
  { assistant: 'broken', message: /this module never loads/ },
])('a graph that does not load ($assistant) fails its own runs', async ({ assistant, message }) => {
  const threadId = `unloadable-${assistant}`;

  const failed = await run(threadId, { assistant_id: assistant });

  expect(failed).toMatchObject({
    type: 'run.failed',
    reason: 'graph_not_loadable',
    error: { error: 'GraphNotLoadable', message: expect.stringMatching(message) },
    thread_status: 'error',
    graph_id: assistant,
    checkpoint_id: null,
    values: null,
  });
  expect((await events.eventsOfRun(failed.run_id)).map(({ type }) => type)).toEqual([
    'run.pending',
    'run.running',
    'run.failed',
  ]);
});

test.for([
  { what: 'name_is_a_bigint', error: { error: 'Error', message: 'odd' } },
  { what: 'drained', error: { error: 'GraphDrained' } },
])('an error that could be taken for something else ($what) fails its run, once', async ({ what, error }) => {
  const threadId = `odd-${what}`;

  const failed = await run(threadId, { assistant_id: 'odd_thrower', input: { what } });

  expect(failed).toMatchObject({ type: 'run.failed', reason: 'graph_error', error, attempt: 1 });
  expect((await events.eventsOfRun(failed.run_id)).map(({ type }) => type)).toEqual([
    'run.pending',
    'run.running',
    'run.failed',
  ]);
  expect(world.nodesExecuted(threadId)).toEqual(['throw']);
});

test('a run over its recursion limit fails, and null continues it where it stopped', async () => {
  const failed = await run('limited', { config: { recursion_limit: 1 } });
  expect(failed).toMatchObject({
    type: 'run.failed',
    reason: 'graph_error',
    error: { error: 'GraphRecursionError', message: expect.stringContaining('Recursion limit of 1') },
    thread_status: 'error',
    next: ['second'],
    values: { labels: ['a:first'] },
  });

  const continued = await run('limited', { input: null });
  expect(continued).toMatchObject({
    type: 'run.succeeded',
    reason: null,
    thread_status: 'idle',
    next: [],
    values: { labels: ['a:first', 'a:second'] },
  });
  expect(world.nodesExecuted('limited')).toEqual(['first', 'second']);
});

test('a graph that stops at interrupt() pauses its thread, and a run with null asks again', async () => {
  const paused = await run('asks', { assistant_id: 'pause', input: { question: 'who' } });
  expect(paused).toMatchObject({
    type: 'run.paused',
    status: 'success',
    thread_status: 'interrupted',
    interrupts: [{ id: expect.stringMatching(/./), value: 'answer to who' }],
    interrupts_omitted: false,
    next: ['ask'],
    checkpoint_id: expect.stringMatching(/./),
    values: { question: 'who' },
    error: null,
  });

  const again = await run('asks', { assistant_id: 'pause', input: null });
  expect(again).toMatchObject({ type: 'run.paused', interrupts: paused.interrupts, next: ['ask'] });
});

test('new input on a paused thread abandons the pause', async () => {
  await run('abandons', { assistant_id: 'pause', input: { question: 'old' } });

  expect(await run('abandons', { assistant_id: 'pause', input: { question: 'new' } })).toMatchObject({
    type: 'run.paused',
    interrupts: [{ value: 'answer to new' }],
  });
});

test('null on an empty thread fails, because there is nothing to continue', async () => {
  expect(await run('empty', { input: null })).toMatchObject({
    type: 'run.failed',
    reason: 'nothing_to_continue',
    error: { error: 'nothing_to_continue', message: expect.stringContaining('Give an input') },
    thread_status: 'error',
    checkpoint_id: null,
  });
  expect(world.nodesExecuted('empty')).toEqual([]);
});

test('null on a finished thread succeeds without running anything', async () => {
  const first = await run('finished', {});

  expect(await run('finished', { input: null })).toMatchObject({
    type: 'run.succeeded',
    reason: 'nothing_to_continue',
    thread_status: 'idle',
    values: first.values,
    checkpoint_id: first.checkpoint_id,
  });
  expect(world.nodesExecuted('finished')).toEqual(['first', 'second']);
});

test.for([[0], [false], [''], [[]], [{}]])('the falsy or empty input %j is an input', async ([input]) => {
  expect(await run(`falsy-${JSON.stringify(input)}`, { assistant_id: 'echo', input })).toMatchObject({
    type: 'run.succeeded',
    reason: null,
    values: { received: input },
  });
});

/** Publishes one run and resolves with its terminal event. */
async function run(threadId: string, request: Record<string, unknown>): Promise<RunStatusEvent> {
  const runId = randomUUID();
  await world.publish(runCreate(threadId, { run_id: runId, ...request }));
  return events.terminal(runId);
}
