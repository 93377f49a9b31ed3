/**
 * 200 runs on 50 threads, half of them in registry framing, through two run-consumers side by side.
 * Real: Kafka, registry, Postgres, both processes. Doubled: nothing. Decides: the events of the status topic, and
 * the lines that the graphs leave outside of Runlane, whose order in the file is the order in which they were written.
 */
import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { SeenEvent } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';
import type { SideEffect } from '../faults/overlaps.ts';

const THREAD_COUNT = 50;
const RUNS_PER_THREAD = 4;
/** Label of each run by thread, in request order. A run is known by its label, which its metadata carries as well. */
const LABELS = new Map(
  Array.from({ length: THREAD_COUNT }, (_, thread) => [
    `thread-${thread}`,
    Array.from({ length: RUNS_PER_THREAD }, (_unused, run) => `${thread}.${run}`),
  ]),
);

let world: World;
let seen: readonly SeenEvent[];
let events: RunStatusEvent[];
let sideEffects: SideEffect[];

beforeAll(async () => {
  world = await World.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    registryUrl: inject('registryUrl'),
  });
  await world.registerContracts();
  const collector = await world.collectEvents();
  const services = [world.runConsumer(), world.runConsumer()];
  // Half of the runs wait in the log when the services start, and the others arrive while they work.
  await publishRounds(0, RUNS_PER_THREAD / 2);
  await Promise.all(services.map((service) => service.ready()));
  await publishRounds(RUNS_PER_THREAD / 2, RUNS_PER_THREAD);
  await eventually(
    async () =>
      (await collector.events()).filter(({ type }) => isTerminalEventType(type)).length >=
      THREAD_COUNT * RUNS_PER_THREAD,
    { what: 'every run has ended', deadlineMs: 60_000 },
  );
  // What a stopping service still has to tell belongs to the picture.
  await Promise.all(services.map((service) => service.stopCleanly()));
  const published = await world.recordCount(world.topics.status);
  await eventually(async () => (await collector.seen()).length === published, { what: 'every event is read' });
  seen = await collector.seen();
  events = await collector.events();
  sideEffects = world.sideEffects();
});

afterAll(() => world[Symbol.asyncDispose]());

test('every run succeeds, and has exactly one terminal event', () => {
  const terminal = events.filter(({ type }) => isTerminalEventType(type));

  expect(new Set(terminal.map(labelOf))).toEqual(new Set([...LABELS.values()].flat()));
  expect(terminal.length).toBe(THREAD_COUNT * RUNS_PER_THREAD);
  expect(new Set(terminal.map(({ type }) => type))).toEqual(new Set(['run.succeeded']));
});

test('each run has events 1 to 3 in the topic, in this order and without gaps', () => {
  for (const ofRun of Map.groupBy(events, ({ run_id }) => run_id).values()) {
    expect(ofRun.map(({ type, sequence, attempt }) => ({ type, sequence, attempt }))).toEqual([
      { type: 'run.pending', sequence: 1, attempt: 0 },
      { type: 'run.running', sequence: 2, attempt: 1 },
      { type: 'run.succeeded', sequence: 3, attempt: 1 },
    ]);
  }
});

test('the runs of a thread are admitted, started and ended in the order in which they were requested', () => {
  for (const [threadId, labels] of LABELS) {
    const ofThread = events.filter(({ thread_id }) => thread_id === threadId);
    for (const type of ['run.pending', 'run.running', 'run.succeeded']) {
      expect(ofThread.filter((event) => event.type === type).map(labelOf)).toEqual(labels);
    }
    const startsAndEnds = ofThread.filter(({ type }) => type !== 'run.pending').map(labelOf);
    expect(startsAndEnds).toEqual(labels.flatMap((label) => [label, label]));
  }
});

test('at most one run of a thread executes at any time, and each step once', () => {
  for (const [threadId, labels] of LABELS) {
    const runIds = labels.map((label) => events.find((event) => labelOf(event) === label)?.run_id);
    const steps = sideEffects.filter(({ thread_id }) => thread_id === threadId);

    expect(steps.map(({ run_id, node, at }) => [run_id, node, at])).toEqual(
      runIds.flatMap((runId) => [
        [runId, 'first', 'start'],
        [runId, 'first', 'end'],
        [runId, 'second', 'start'],
        [runId, 'second', 'end'],
      ]),
    );
  }
});

test('both run-consumers have executed runs', () => {
  expect(new Set(sideEffects.map(({ pid }) => pid)).size).toBe(2);
});

test('the state of a thread grows by each input once, in request order', () => {
  for (const [threadId, labels] of LABELS) {
    const ended = events.filter(({ thread_id, type }) => thread_id === threadId && type === 'run.succeeded');
    expect(ended.map(({ values }) => values)).toEqual(
      labels.map((label, index) => ({
        label,
        ms: 5,
        labels: labels.slice(0, index + 1).flatMap((each) => [`${each}:first`, `${each}:second`]),
      })),
    );
  }
});

test('events are keyed by their thread and carry the CloudEvents headers', () => {
  for (const { record, event } of seen) {
    expect(record.key?.toString()).toBe(event.thread_id);
    expect(Object.fromEntries([...record.headers].map(([name, values]) => [name, values.map(String)]))).toEqual({
      ce_specversion: ['1.0'],
      ce_id: [event.event_id],
      ce_source: ['/runlane/run-consumer'],
      ce_type: [event.type],
      ce_subject: [event.run_id],
      ce_time: [event.occurred_at],
      ce_sequence: [String(event.sequence).padStart(10, '0')],
      'content-type': ['application/json'],
    });
  }
});

test('events are framed with the schema id of their subject', async () => {
  const id = await world.codec.resolve(world.topics.status, 'RunStatusEvent');
  for (const { record } of seen) {
    expect(record.value?.readUInt8(0)).toBe(0);
    expect(record.value?.readInt32BE(1)).toBe(id);
  }
});

/** Publishes the runs `from` to `to` (exclusive) of every thread, one round of threads after the other. */
async function publishRounds(from: number, to: number): Promise<void> {
  for (let round = from; round < to; round += 1) {
    const records: ReturnType<typeof runCreate>[] = [];
    for (const [threadId, labels] of LABELS) {
      const label = labels[round];
      const record = runCreate(threadId, { input: { label, ms: 5 }, metadata: { label } });
      const isFramed = (records.length + round) % 2 === 0;
      records.push(isFramed ? { ...record, value: await world.framed(record.value) } : record);
    }
    await world.publish(...records);
  }
}

function labelOf(event: RunStatusEvent): unknown {
  return event.metadata['label'];
}
