/**
 * What the events of a run say.
 * Real: Kafka, Postgres, the process. Decides: the status topic.
 */
import { randomUUID } from 'node:crypto';
import type { RunStatusEvent } from '@runlane/contracts';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

/** Seconds an attempt may take, and bytes that values may have. */
const TIMEOUT_SECONDS = 3;
const VALUES_MAX_BYTES = 2_000;

let world: World;
let events: EventCollector;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  const service = world.runConsumer({
    RUNLANE_VALUES_MAX_BYTES: String(VALUES_MAX_BYTES),
    RUNLANE_RUN_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
  });
  await service.ready();
});

afterAll(() => world[Symbol.asyncDispose]());

test('a run is published from its admission to its end', async () => {
  const runId = randomUUID();
  const [pending, running, succeeded] = await eventsOf(runId, runCreate('whole', { run_id: runId }));
  const common = {
    run_id: runId,
    thread_id: 'whole',
    assistant_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    graph_id: 'lane',
    multitask_strategy: 'enqueue',
    metadata: {},
    metadata_omitted: false,
    created_at: pending?.created_at,
    reason: null,
    superseded_by: null,
    blocked_by: null,
    interrupts_omitted: false,
    interrupts_lossy: false,
    values_omitted: false,
    values_lossy: false,
    usage: null,
    abandoned_interrupts: null,
    error: null,
    webhook: null,
  };
  const nothingYet = { interrupts: null, next: null, checkpoint_id: null, values: null };

  expect(pending).toEqual({
    ...common,
    ...nothingYet,
    ...eventOf(pending),
    type: 'run.pending',
    status: 'pending',
    sequence: 1,
    attempt: 0,
    thread_status: 'busy',
    run_started_at: null,
    run_ended_at: null,
  });
  expect(running).toEqual({
    ...common,
    ...nothingYet,
    ...eventOf(running),
    type: 'run.running',
    status: 'running',
    sequence: 2,
    attempt: 1,
    thread_status: 'busy',
    run_started_at: expect.any(String),
    run_ended_at: null,
  });
  expect(succeeded).toEqual({
    ...common,
    ...eventOf(succeeded),
    type: 'run.succeeded',
    status: 'success',
    sequence: 3,
    attempt: 1,
    thread_status: 'idle',
    interrupts: [],
    next: [],
    checkpoint_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    values: { label: 'a', ms: 0, labels: ['a:first', 'a:second'] },
    run_started_at: running?.run_started_at,
    run_ended_at: expect.any(String),
  });
});

test('its times are in order', async () => {
  const runId = randomUUID();
  const all = await eventsOf(runId, runCreate('times', { run_id: runId }));
  const last = all.at(-1);

  const instants = [last?.created_at, last?.run_started_at, last?.run_ended_at].map(String);
  expect(instants).toEqual(instants.toSorted());
  const occurred = all.map(({ occurred_at }) => occurred_at);
  expect(occurred).toEqual(occurred.toSorted());
  for (const { updated_at, occurred_at } of all) expect(updated_at).toBe(occurred_at);
});

test('metadata is in every event as it was sent', async () => {
  const metadata = { z: 1, a: { deep: [null, 'ü🧵', 1.5, true] }, '10': 'ten', empty: {} };
  const runId = randomUUID();

  const all = await eventsOf(runId, runCreate('metadata', { run_id: runId, metadata }));

  expect(all.length).toBe(3);
  for (const event of all) expect(JSON.stringify(event.metadata)).toBe(JSON.stringify(metadata));
});

test.for([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['0af7651916cd43dd', false],
  ['00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01', false],
] as const)('traceparent %s is handed through: %s', async ([traceparent, isHandedThrough]) => {
  const runId = randomUUID();
  const record = { ...runCreate(`trace-${runId}`, { run_id: runId }), headers: { traceparent } };

  await eventsOf(runId, record);

  const ofRun = (await events.seen()).filter(({ event }) => event.run_id === runId);
  expect(ofRun.map(({ record: { headers } }) => headers.get('traceparent')?.map(String))).toEqual(
    ofRun.map(() => (isHandedThrough ? [traceparent] : undefined)),
  );
});

test('the last event of a run shows its thread as busy when another run waits', async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  await world.publish(runCreate('busy', { run_id: first }), runCreate('busy', { run_id: second }));

  expect(await events.terminal(first)).toMatchObject({ type: 'run.succeeded', thread_status: 'busy' });
  expect(await events.terminal(second)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
});

test('a failure is also reported when the thread goes on with another run', async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  const request = { assistant_id: 'thrower', input: { message: 'first' } };
  await world.publish(
    runCreate('fails', { ...request, run_id: first }),
    runCreate('fails', { ...request, run_id: second }),
  );

  expect(await events.terminal(first)).toMatchObject({ type: 'run.failed', thread_status: 'busy' });
  expect(await events.terminal(second)).toMatchObject({ type: 'run.failed', thread_status: 'error' });
});

test('values up to the limit, counted in bytes, are in the event, and larger ones are left out', async () => {
  const room = VALUES_MAX_BYTES - JSON.stringify({ received: '' }).length;
  const fitting = 'ü'.repeat(room / 2).padStart(Math.ceil(room / 2), 'x');
  const [fits, exceeds] = [randomUUID(), randomUUID()];
  await world.publish(
    runCreate('fits', { run_id: fits, assistant_id: 'echo', input: fitting }),
    runCreate('exceeds', { run_id: exceeds, assistant_id: 'echo', input: `${fitting}x` }),
  );

  expect(await events.terminal(fits)).toMatchObject({ values: { received: fitting }, values_omitted: false });
  expect(await events.terminal(exceeds)).toMatchObject({ type: 'run.succeeded', values: null, values_omitted: true });
});

test('interrupts over the limit are left out in the same way', async () => {
  const runId = randomUUID();
  const question = 'q'.repeat(VALUES_MAX_BYTES);
  await world.publish(runCreate('large-pause', { run_id: runId, assistant_id: 'pause', input: { question } }));

  expect(await events.terminal(runId)).toMatchObject({
    type: 'run.paused',
    interrupts: null,
    interrupts_omitted: true,
    values_omitted: true,
    next: ['ask'],
  });
});

test('a run over its time limit is timed out, and its thread goes on', async () => {
  const [slow, next] = [randomUUID(), randomUUID()];
  await world.publish(
    runCreate('slow', { run_id: slow, input: { label: 'slow', ms: 60_000 } }),
    runCreate('slow', { run_id: next, input: { label: 'next', ms: 0 } }),
  );

  expect(await events.terminal(slow)).toMatchObject({
    type: 'run.timed_out',
    status: 'timeout',
    thread_status: 'busy',
    attempt: 1,
    error: { error: 'RunTimedOut', message: expect.stringContaining(`${TIMEOUT_SECONDS} s`) },
  });
  expect(await events.terminal(next)).toMatchObject({
    type: 'run.succeeded',
    thread_status: 'idle',
    values: { labels: ['next:first', 'next:second'] },
  });
});

/** Publishes the record and resolves with all events of its run once it has ended. */
async function eventsOf(runId: string, record: ReturnType<typeof runCreate>): Promise<RunStatusEvent[]> {
  await world.publish(record);
  await events.terminal(runId);
  return events.eventsOfRun(runId);
}

/** What is different in every event. */
function eventOf(event: RunStatusEvent | undefined): object {
  const rfc3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return { event_id: event?.event_id, occurred_at: rfc3339, updated_at: rfc3339 };
}
