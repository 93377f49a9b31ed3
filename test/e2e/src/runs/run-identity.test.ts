/**
 * Which requests are the same run (I4), within a batch, across batches and across a restart.
 * Real: Kafka, Postgres, the processes. Decides: the events of the status topic. A later run on the same thread shows
 * that earlier records were read, because its events follow theirs.
 */
import { randomUUID } from 'node:crypto';
import { runIdOfRecord } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector, ServiceProcess, TopicReader } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

let world: World;
let events: EventCollector;
let requests: TopicReader;
let service: ServiceProcess;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  [events, requests] = await Promise.all([world.collectEvents(), world.readRequests()]);
  service = world.runConsumer();
  await service.ready();
});

afterAll(() => world[Symbol.asyncDispose]());

test('a request without run_id gets one that is derived from the place of its record', async () => {
  await world.publish(runCreate('derived', { metadata: { wanted: 'derived' } }));

  const ended = await endOfLatest('derived');

  expect(ended.run_id).toBe(await idOfLastRecord('derived'));
});

test('a repeated request is the same run, however its JSON is written', async () => {
  const runId = randomUUID();
  const request = { thread_id: 'repeat', assistant_id: 'lane', input: { label: 'once', ms: 0 }, run_id: runId };
  const spellings = [
    request,
    Object.fromEntries(Object.entries(request).toReversed()),
    { ...request, metadata: null, config: null, multitask_strategy: null, checkpoint_id: null },
    { ...request, run_id: runId.toUpperCase() },
  ].map((spelling) => ({ ...runCreate('repeat'), value: Buffer.from(JSON.stringify(spelling, null, 1)) }));

  await world.publish(...spellings);
  await events.terminal(runId);
  await world.publish(...spellings);
  await publishAndWait('repeat');

  await expectLaneLabels('repeat', ['once', 'a']);
  expect(await typesOf(runId)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
});

test('another request under a known run_id is refused under the id of its own record', async () => {
  const runId = randomUUID();
  await world.publish(
    runCreate('conflict', { run_id: runId, input: { label: 'mine', ms: 0 } }),
    runCreate('conflict', { run_id: runId, input: { label: 'theirs', ms: 0 } }),
  );

  const within = await rejectionOfLast('conflict');
  await events.terminal(runId);
  await world.publish(runCreate('conflict', { run_id: runId, input: { label: 'yours', ms: 0 } }));
  const across = await rejectionOfLast('conflict');
  await publishAndWait('conflict');

  for (const event of [within, across]) {
    expect(event).toMatchObject({
      type: 'run.rejected',
      status: 'rejected',
      reason: 'run_id_conflict',
      blocked_by: runId,
      thread_id: 'conflict',
      attempt: 0,
      error: { error: 'run_id_conflict', message: expect.stringContaining(runId) },
    });
    expect(await typesOf(event.run_id)).toEqual(['run.rejected']);
  }
  expect(within.thread_status).toBe('busy');
  expect(across.thread_status).toBe('idle');
  expect(await typesOf(runId)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
  await expectLaneLabels('conflict', ['mine', 'a']);
});

test('a conflict is detected on any thread, and creates none', async () => {
  const runId = randomUUID();
  await world.publish(runCreate('owner', { run_id: runId }));
  await events.terminal(runId);

  await world.publish(runCreate('stranger', { run_id: runId }));
  const rejected = await rejectionOfLast('stranger');

  expect(rejected).toMatchObject({ reason: 'run_id_conflict', blocked_by: runId, thread_status: null });
  const { rows } = await world.pool.query('select from runlane.threads where thread_id = $1', ['stranger']);
  expect(rows).toEqual([]);
});

test('runs are known across a restart', async () => {
  const runId = randomUUID();
  const request = runCreate('restart', { run_id: runId, input: { label: 'before', ms: 0 } });
  await world.publish(request);
  await events.terminal(runId);
  await service.stopCleanly();

  await world.publish(request, runCreate('restart', { run_id: runId, input: { label: 'changed', ms: 0 } }));
  service = world.runConsumer();
  const rejected = await rejectionOfLast('restart');
  await publishAndWait('restart');

  expect(rejected).toMatchObject({ reason: 'run_id_conflict', blocked_by: runId });
  expect(await typesOf(runId)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
  await expectLaneLabels('restart', ['before', 'a']);
});

test('without a registry a framed request is read behind its frame', async () => {
  const frame = Buffer.from([0, 0, 0, 0, 77]);
  const runId = randomUUID();
  const record = runCreate('framed', { run_id: runId });

  await world.publish({ ...record, value: Buffer.concat([frame, record.value]) });

  expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded' });
});

/** Runs one more on the thread and waits for its end, with which everything published before it has been read. */
async function publishAndWait(threadId: string): Promise<void> {
  const runId = randomUUID();
  await world.publish(runCreate(threadId, { run_id: runId }));
  await events.terminal(runId);
}

async function typesOf(runId: string): Promise<string[]> {
  return (await events.eventsOfRun(runId)).map(({ type }) => type);
}

/** Checks which inputs the thread has taken, in order. */
async function expectLaneLabels(threadId: string, labels: string[]): Promise<void> {
  const last = (await events.events()).findLast((event) => event.thread_id === threadId && event.values !== null);
  expect(last?.values).toMatchObject({ labels: labels.flatMap((label) => [`${label}:first`, `${label}:second`]) });
}

async function endOfLatest(threadId: string): Promise<RunStatusEvent> {
  return eventually(
    async () =>
      (await events.events()).findLast((event) => event.thread_id === threadId && event.type === 'run.succeeded'),
    { what: `a run of ${threadId} has succeeded` },
  );
}

/** The event that refuses the last record of the thread. */
async function rejectionOfLast(threadId: string): Promise<RunStatusEvent> {
  return events.first(await idOfLastRecord(threadId), 'run.rejected');
}

/** The run id that the last record published for the thread has of itself. */
async function idOfLastRecord(threadId: string): Promise<string> {
  const published = await world.recordCount(world.topics.requests);
  await eventually(() => requests.records.length === published, { what: 'every request is read back' });
  const record = requests.records.findLast(({ key }) => key?.toString() === threadId);
  if (record === undefined) throw new Error(`No record was published for ${threadId}.`);
  return runIdOfRecord(record);
}
