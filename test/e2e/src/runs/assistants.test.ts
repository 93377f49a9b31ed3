/**
 * Runs that name an assistant by its UUID get its graph, and its values beneath their own, in the version that was
 * active at their admission. Real: Kafka, Postgres, a run-consumer that started before any of the assistants, and its
 * graphs. Decides: what the graph was given, as its values show, the status topic, and the metadata of the
 * checkpoints.
 */
import { randomUUID } from 'node:crypto';
import { assistantIdOfGraph } from '@runlane/contracts';
import type { JsonObject, RunStatusEvent } from '@runlane/contracts';
import { Database } from '@runlane/postgres';
import { openAssistants } from '@runlane/run-consumer/assistants';
import type { Assistants } from '@runlane/run-consumer/assistants';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;
let assistants: Assistants;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  await world.runConsumer().ready();
  assistants = openAssistants(new Database(world.pool), ['builder', 'gate', 'lane']);
});

afterAll(() => world[Symbol.asyncDispose]());

describe('a run of an assistant', () => {
  test('gets its config, context and metadata, beneath those of the run', async () => {
    const id = await create({
      graph_id: 'builder',
      config: { tags: ['theirs'], configurable: { colour: 'red', size: 1 } },
      metadata: { team: 'a', of: 'the assistant' },
    });

    expect(await run({ assistant_id: id, ...LABELLED })).toMatchObject({
      type: 'run.succeeded',
      assistant_id: id,
      graph_id: 'builder',
      metadata: { team: 'a', of: 'the assistant' },
      values: { seen: { colour: 'red', tags: ['theirs'] } },
    });

    const config = { tags: ['mine'], configurable: { colour: 'green' } };
    const own = await run({ assistant_id: id.toUpperCase(), ...LABELLED, config, metadata: { of: 'the run' } });
    expect(own).toMatchObject({
      type: 'run.succeeded',
      assistant_id: id,
      metadata: { team: 'a', of: 'the run' },
      values: { seen: { colour: 'green', tags: ['mine'] } },
    });
    for (const event of await events.eventsOfRun(own.run_id)) expect(event.metadata).toEqual(own.metadata);
    expect(await checkpointMetadata(own.thread_id)).toMatchObject({ team: 'a', of: 'the run' });
  });

  test('gets its context under that of the run', async () => {
    const id = await create({ graph_id: 'builder', context: { user: 'u', model: 'small' } });

    expect(await run({ assistant_id: id, ...LABELLED })).toMatchObject({
      values: { seen: { context: { user: 'u', model: 'small' } } },
    });
    expect(await run({ assistant_id: id, ...LABELLED, context: { model: 'large' } })).toMatchObject({
      values: { seen: { context: { user: 'u', model: 'large' } } },
    });
  });

  test('gets a configurable of the one and a context of the other, each in its place', async () => {
    const configured = await create({ graph_id: 'builder', config: { configurable: { colour: 'red' } } });
    const withContext = await create({ graph_id: 'builder', context: { user: 'u' } });
    const both = { values: { seen: { colour: 'red', context: { user: 'u' } } } };

    expect(await run({ assistant_id: configured, ...LABELLED, context: { user: 'u' } })).toMatchObject(both);
    const config = { configurable: { colour: 'red' } };
    expect(await run({ assistant_id: withContext, ...LABELLED, config })).toMatchObject(both);
  });

  test('stops at its recursion limit, unless the run has its own', async () => {
    const id = await create({ graph_id: 'lane', config: { recursion_limit: 1 } });

    expect(await run({ assistant_id: id })).toMatchObject({
      type: 'run.failed',
      error: { error: 'GraphRecursionError', message: expect.stringContaining('Recursion limit of 1') },
    });
    expect(await run({ assistant_id: id, config: { recursion_limit: 9 } })).toMatchObject({ type: 'run.succeeded' });
  });

  test('may be stateless', async () => {
    const id = await create({ graph_id: 'builder', config: { configurable: { colour: 'red' } } });
    const runId = randomUUID();
    const request = { thread_id: null, run_id: runId, assistant_id: id, ...LABELLED };
    await world.publish({ ...runCreate('unused', request), key: null });

    expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded', values: { seen: { colour: 'red' } } });
  });
});

test('a change applies to runs that are admitted after it; runs that wait in a lane, or for their time, keep the old version', async () => {
  const id = await create({ graph_id: 'gate', config: { recursion_limit: 1 }, metadata: { version: 'one' } });
  const { file, open } = world.gate();
  const threadId = randomUUID();
  const [holds, waits, later, sentAgain] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const input = { label: 'a', ms: 0, gate: '' };
  const queued = runCreate(threadId, { run_id: waits, assistant_id: id, input });
  await world.publish(
    runCreate(threadId, { run_id: holds, assistant_id: 'gate', input: { ...input, gate: file } }),
    queued,
    runCreate(randomUUID(), { run_id: later, assistant_id: id, input, after_seconds: 1 }),
  );
  for (const runId of [waits, later]) await events.first(runId, 'run.pending');

  expect(await assistants.update(id, { config: {}, metadata: { version: 'two' } })).toMatchObject({ kind: 'changed' });
  // The same request once more, and a new one behind it in the log: it tells when the repeat was read.
  await world.publish(queued, runCreate(threadId, { run_id: sentAgain, assistant_id: id, input }));
  await events.first(sentAgain, 'run.pending');
  open();

  const limited = { type: 'run.failed', error: { error: 'GraphRecursionError' }, metadata: { version: 'one' } };
  expect(await events.terminal(waits)).toMatchObject(limited);
  expect(await events.terminal(later)).toMatchObject(limited);
  expect(await events.terminal(sentAgain)).toMatchObject({ type: 'run.succeeded', metadata: { version: 'two' } });
  expect((await events.eventsOfRun(waits)).map(({ type }) => type)).toEqual([
    'run.pending',
    'run.running',
    'run.failed',
  ]);

  expect(await assistants.activate(id, 1)).toMatchObject({ kind: 'changed' });
  expect(await run({ assistant_id: id, input })).toMatchObject(limited);
});

test('an id that does not exist is an unknown assistant, and a newly created one is known without a restart', async () => {
  const id = randomUUID();
  expect(await run({ assistant_id: id })).toMatchObject({
    type: 'run.rejected',
    reason: 'unknown_assistant',
    assistant_id: id,
    graph_id: null,
    error: { message: expect.stringMatching(`^No assistant ${id}\\. Known graphs: lane, `) },
  });

  expect(await assistants.create({ assistant_id: id, graph_id: 'lane' })).toMatchObject({ kind: 'created' });
  expect(await run({ assistant_id: id })).toMatchObject({ type: 'run.succeeded', assistant_id: id, graph_id: 'lane' });
});

test('an assistant whose graph the project no longer has is unknown, and the message names the graph', async () => {
  const created = await openAssistants(new Database(world.pool), ['removed']).create({ graph_id: 'removed' });
  if (created.kind !== 'created') throw new Error(JSON.stringify(created));

  expect(await run({ assistant_id: created.assistant.assistantId })).toMatchObject({
    reason: 'unknown_assistant',
    error: { message: expect.stringContaining('has graph removed, which no langgraph.json names') },
  });
});

test("a graph's own assistant has no defaults, whatever others have stored", async () => {
  await create({ graph_id: 'builder', config: { configurable: { colour: 'red' } } });

  const ended = await run({ assistant_id: assistantIdOfGraph('builder'), ...LABELLED, metadata: { of: 'the run' } });
  expect(ended).toMatchObject({ type: 'run.succeeded', metadata: { of: 'the run' } });
  expect(ended.values).not.toHaveProperty('seen.colour');
});

const LABELLED = { input: { label: 'x' } };

async function create(content: JsonObject): Promise<string> {
  const created = await assistants.create(content);
  if (created.kind !== 'created') throw new Error(JSON.stringify(created));
  return created.assistant.assistantId;
}

/** Publishes one run on a thread of its own and resolves with its terminal event. */
async function run(request: Record<string, unknown>): Promise<RunStatusEvent> {
  const runId = randomUUID();
  await world.publish(runCreate(randomUUID(), { run_id: runId, ...request }));
  return events.terminal(runId);
}

/** Metadata of the thread's head checkpoint. */
async function checkpointMetadata(threadId: string): Promise<object | undefined> {
  const { rows } = await world.pool.query<{ metadata: object }>(
    'select metadata from checkpoints where thread_id = $1 order by checkpoint_id desc limit 1',
    [threadId],
  );
  return rows[0]?.metadata;
}
