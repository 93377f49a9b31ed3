/**
 * Runs without a thread.
 * Real: Kafka, Postgres, the process and its graphs. Decides: the status topic, and what is left in the tables of
 * LangGraph.
 */
import { randomUUID } from 'node:crypto';
import { runIdOfRecord, threadIdOfStatelessRun } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector, TopicReader } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;
let requests: TopicReader;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  [events, requests] = await Promise.all([world.collectEvents(), world.readRequests()]);
  await world.runConsumer().ready();
});

afterAll(() => world[Symbol.asyncDispose]());

test('a stateless run reports its values, and leaves no thread and no checkpoint behind', async () => {
  const runId = randomUUID();

  const ended = await run(runId, {});

  const threadId = threadIdOfStatelessRun(runId);
  const ofRun = await events.eventsOfRun(runId);
  expect(ofRun.map(({ type, thread_id, thread_status }) => ({ type, thread_id, thread_status }))).toEqual(
    ['run.pending', 'run.running', 'run.succeeded'].map((type) => ({ type, thread_id: threadId, thread_status: null })),
  );
  expect(ended).toMatchObject({ values: { labels: ['a:first', 'a:second'] }, checkpoint_id: null, next: [] });
  expect(await leftBehind(threadId)).toEqual({ threads: 0, checkpoints: 0, writes: 0 });
});

test('on_completion: keep leaves a thread, on which another run goes on', async () => {
  const runId = randomUUID();
  const threadId = threadIdOfStatelessRun(runId);
  expect(await run(runId, { on_completion: 'keep' })).toMatchObject({
    type: 'run.succeeded',
    thread_id: threadId,
    thread_status: 'idle',
    checkpoint_id: expect.stringMatching(/./),
  });

  const next = randomUUID();
  await world.publish(runCreate(threadId, { run_id: next, input: { label: 'b', ms: 0 } }));
  expect(await events.terminal(next)).toMatchObject({
    values: { labels: ['a:first', 'a:second', 'b:first', 'b:second'] },
  });
});

test('without a key and a run_id its ids are derived from the place of its record', async () => {
  await world.publish({ ...runCreate('unused', { thread_id: null, metadata: { of: 'nowhere' } }), key: null });

  const ended = await eventually(
    async () =>
      (await events.events()).find(({ metadata, type }) => metadata['of'] === 'nowhere' && type === 'run.succeeded'),
    { what: 'the run has succeeded' },
  );
  const published = await world.recordCount(world.topics.requests);
  await eventually(() => requests.records.length === published, { what: 'every request is read back' });
  const record = requests.records.find(({ value }) => value?.includes('nowhere'));
  if (record === undefined) throw new Error('The request was not read back.');
  expect(ended.run_id).toBe(runIdOfRecord(record));
  expect(ended.thread_id).toBe(threadIdOfStatelessRun(ended.run_id));
});

test('a stateless run that stops at interrupt() fails, because nobody could answer it', async () => {
  const runId = randomUUID();

  expect(await run(runId, { assistant_id: 'pause', input: { question: 'who' } })).toMatchObject({
    type: 'run.failed',
    status: 'error',
    thread_status: null,
    reason: 'graph_error',
  });
});

test('a stateless run with null input fails, because there is nothing to continue', async () => {
  expect(await run(randomUUID(), { input: null })).toMatchObject({
    type: 'run.failed',
    reason: 'nothing_to_continue',
    thread_status: null,
  });
});

/** Publishes one run without a thread, keyed by its run id, and resolves with its terminal event. */
async function run(runId: string, request: Record<string, unknown>): Promise<RunStatusEvent> {
  await world.publish({ ...runCreate('unused', { thread_id: null, run_id: runId, ...request }), key: runId });
  return events.terminal(runId);
}

async function leftBehind(threadId: string): Promise<unknown> {
  const { rows } = await world.pool.query(
    `select
      (select count(*)::int from runlane.threads where thread_id = $1) as threads,
      (select count(*)::int from checkpoints where thread_id = $1) as checkpoints,
      (select count(*)::int from checkpoint_writes where thread_id = $1) as writes`,
    [threadId],
  );
  return rows[0];
}
