/**
 * What a reader of status events can rely on. Real: Kafka and the client; Doubled: the events, which are published as a
 * relay publishes them. Decides: the events that readers got, and the commits that the broker has.
 */
import { randomUUID } from 'node:crypto';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CommitError, EventsError, RunEndedError, WaitTimeoutError } from './errors.ts';
import { RunEvents } from './events.ts';
import type { Delivery, EventsOptions } from './events.ts';
import { statusEvent, Topics } from './status-event.fixture.ts';

let topics: Topics;
beforeAll(async () => {
  topics = await Topics.create(inject('kafkaBrokers'));
});
afterAll(() => topics[Symbol.asyncDispose]());

const open = (options: Partial<EventsOptions> = {}) =>
  RunEvents.open({ brokers: inject('kafkaBrokers'), topicPrefix: topics.prefix, ...options });

/** The next deliveries of the thread; events of other tests are passed over. */
async function take(events: AsyncIterator<Delivery, undefined>, threadId: string, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  while (taken.length < count) {
    const next = await events.next();
    if (next.done === true) throw new Error(`The events ended after ${taken.length} of ${count}.`);
    if (next.value.event.thread_id === threadId) taken.push(next.value);
  }
  return taken;
}

const sequences = (deliveries: Delivery[]): number[] => deliveries.map(({ event }) => event.sequence);

function eventsOf(threadId: string, from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) =>
    statusEvent({ thread_id: threadId, sequence: from + index }),
  );
}

test('a group goes on after its last commit, and gets uncommitted events again', async () => {
  const threadId = randomUUID();
  const group = `group-${randomUUID()}`;
  await topics.publish(...eventsOf(threadId, 1, 4));
  {
    await using events = await open({ group });
    const iteration = events[Symbol.asyncIterator]();
    const [first, second, third] = await take(iteration, threadId, 3);
    expect(sequences([first, second, third] as Delivery[])).toEqual([1, 2, 3]);
    await second?.commit();
    // An older one takes nothing back.
    await first?.commit();
  }
  await topics.publish(...eventsOf(threadId, 5, 5));
  await using events = await open({ group });
  const deliveries = await take(events[Symbol.asyncIterator](), threadId, 3);
  expect(sequences(deliveries)).toEqual([3, 4, 5]);
  await deliveries.at(-1)?.commit();
  const { partition, offset } = deliveries[2] as Delivery;
  expect((await topics.admin.committedOffsets(group, topics.names.status)).get(partition)).toBe(offset + 1n);
});

test('an event that was published twice is handed out once', async () => {
  const threadId = randomUUID();
  const [one, two, three] = eventsOf(threadId, 1, 3);
  if (one === undefined || two === undefined || three === undefined) throw new Error('Three events were made.');
  await topics.publish(one, two, one, two, three);
  await using events = await open({ from: 'earliest' });
  expect(sequences(await take(events[Symbol.asyncIterator](), threadId, 3))).toEqual([1, 2, 3]);
});

test('a record that is no event of this version is skipped with a warning', async () => {
  const threadId = randomUUID();
  const warnings: object[] = [];
  const ignore = (): void => undefined;
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (fields: object) => void warnings.push(fields) };
  const later = { ...statusEvent({ thread_id: threadId }), type: 'run.hibernated' };
  await topics.publishRaw(
    ...[Buffer.from(JSON.stringify(later)), Buffer.from('{"type":'), null].map((value) => ({
      key: threadId,
      value,
      headers: {},
    })),
  );
  await topics.publish(...eventsOf(threadId, 1, 1));
  await using events = await open({ from: 'earliest', logger });
  expect(sequences(await take(events[Symbol.asyncIterator](), threadId, 1))).toEqual([1]);
  expect(warnings.filter((fields) => 'offset' in fields)).toHaveLength(3);
});

test('without a group each reader gets everything from a given time on, and nothing is committed', async () => {
  const threadId = randomUUID();
  await topics.publish(...eventsOf(threadId, 1, 2));
  await using probe = await open({ from: 'earliest' });
  const [, second] = await take(probe[Symbol.asyncIterator](), threadId, 2);
  const between = new Date(
    await eventually(() => (Date.now() > (second?.timestampMs ?? 0) ? Date.now() : null), {
      what: 'the clock goes on',
    }),
  );
  await topics.publish(...eventsOf(threadId, 3, 4));
  for (const reader of ['one', 'another']) {
    await using events = await open({ from: between, clientId: reader });
    const deliveries = await take(events[Symbol.asyncIterator](), threadId, 2);
    expect(sequences(deliveries)).toEqual([3, 4]);
    await deliveries[0]?.commit();
  }
});

test('an iteration that follows another goes on where that one ended', async () => {
  const threadId = randomUUID();
  await using events = await open();
  await topics.publish(...eventsOf(threadId, 1, 3));
  const seen: number[] = [];
  for (const stopAfter of [2, 3]) {
    for await (const { event } of events) {
      if (event.thread_id !== threadId) continue;
      seen.push(event.sequence);
      if (event.sequence === stopAfter) break;
    }
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(() => [events[Symbol.asyncIterator](), events[Symbol.asyncIterator]()]).toThrow(TypeError);
});

test('a commit is refused when the partition has moved to another member, and that member gets the event', async () => {
  const threadId = randomUUID();
  const group = `group-${randomUUID()}`;
  await topics.publish(...eventsOf(threadId, 1, 1));
  const first = await open({ group });
  const [delivery] = await take(first[Symbol.asyncIterator](), threadId, 1);
  await first.close();
  await expect(delivery?.commit()).rejects.toBeInstanceOf(CommitError);
  await using second = await open({ group });
  expect(sequences(await take(second[Symbol.asyncIterator](), threadId, 1))).toEqual([1]);
});

describe('the wait for a run', () => {
  test('sees an end that came before the wait began, and one that comes later', async () => {
    await using events = await open();
    const [early, late] = [statusEvent(), statusEvent({ type: 'run.failed' })];
    await topics.publish(early);
    expect(await events.waitFor(early.run_id.toUpperCase())).toEqual(early);
    const waiting = events.waitFor({ run_id: late.run_id });
    await topics.publish(statusEvent({ run_id: late.run_id, type: 'run.running' }), late);
    expect(await waiting).toEqual(late);
    expect(await events.waitFor(early)).toEqual(early);
  });

  test('goes on while nobody takes events from the loop', async () => {
    await using events = await open({ from: 'latest' });
    const [first, second] = [statusEvent(), statusEvent()];
    await topics.publish(first);
    for await (const { event } of events) {
      if (event.run_id !== first.run_id) continue;
      await topics.publish(second);
      expect(await events.waitFor(second)).toEqual(second);
      break;
    }
  });

  test('for a pause ends when the run ends, in whatever way', async () => {
    await using events = await open();
    const paused = statusEvent({ type: 'run.paused', interrupts: [{ id: 'i', value: 'go on?' }] });
    const failed = statusEvent({ type: 'run.failed', reason: 'graph_error', error: { error: 'Error', message: 'no' } });
    await topics.publish(paused, failed);
    expect((await events.waitForPause(paused)).interrupts).toEqual([{ id: 'i', value: 'go on?' }]);
    const refusal = events.waitForPause(failed);
    await expect(refusal).rejects.toBeInstanceOf(RunEndedError);
    await expect(refusal).rejects.toThrow(/ended with run.failed \(graph_error\): no/);
  });

  test('ends when its time is over, its signal aborts or its reader closes', async () => {
    const events = await open();
    const running = statusEvent({ type: 'run.running' });
    await topics.publish(
      running,
      statusEvent({ thread_id: running.thread_id, run_id: 'ffffffff-0000-4000-8000-000000000000' }),
    );
    await events.waitFor('ffffffff-0000-4000-8000-000000000000');
    const late = events.waitFor(running, { timeoutMs: 1 });
    await expect(late).rejects.toBeInstanceOf(WaitTimeoutError);
    await expect(events.waitFor(randomUUID(), { timeoutMs: 1 })).rejects.toThrow(/no event of it was read/);
    const aborted = new AbortController();
    const waiting = events.waitFor(running, { signal: aborted.signal });
    aborted.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const left = events.waitFor(running);
    await Promise.all([expect(left).rejects.toBeInstanceOf(EventsError), events.close()]);
    await expect(events.waitFor(running)).rejects.toMatchObject({ code: 'closed' });
  });
});

test('a missing topic, and brokers that do not answer, are reported on opening', async () => {
  await expect(open({ topicPrefix: 'nobody.' })).rejects.toThrow(
    /no topic nobody\.runs\.status\.v1: look at topicPrefix/,
  );
  await expect(open({ brokers: ['127.0.0.1:9'], timeoutMs: 500 })).rejects.toMatchObject({ code: 'unavailable' });
});
