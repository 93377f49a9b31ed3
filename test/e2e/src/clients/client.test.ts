/**
 * With the client an application starts runs, follows them, answers them and stops them.
 * Real: Kafka, registry, Postgres, the process and its graphs. Decides: what the client returns, and the topics.
 */
import { randomUUID } from 'node:crypto';
import { InvalidRequestError, RunEvents, RunPublisher } from '@runlane/client';
import type { ModelUsage } from '@runlane/client';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { BAD_RECORDS } from '../support/bad-records.ts';
import { World } from '../support/world.ts';

let world: World;
let runs: RunPublisher;
let framed: RunPublisher;
let events: RunEvents<{ labels?: string[] }>;

beforeAll(async () => {
  const registryUrl = inject('registryUrl');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl });
  await world.registerContracts();
  const connection = { brokers: inject('kafkaBrokers'), topicPrefix: world.prefix };
  events = await RunEvents.open(connection);
  runs = new RunPublisher(connection);
  framed = new RunPublisher({ ...connection, registryUrl });
  await world.runConsumer().ready();
});

afterAll(async () => {
  await Promise.all([runs.close(), framed.close(), events.close()]);
  await world[Symbol.asyncDispose]();
});

test.each([
  ['as plain JSON', () => runs],
  ['framed for a registry', () => framed],
])('a run is published %s and waited for, and its record is where the client says', async (_name, publisher) => {
  const thread_id = randomUUID();
  const published = await publisher().create({ thread_id, assistant_id: 'lane', input: { label: 'a', ms: 0 } });
  expect(await events.waitFor(published)).toMatchObject({ type: 'run.succeeded', thread_id, run_id: published.run_id });
  const requests = await world.readRequests();
  const { partition, offset } = published;
  const record = await eventually(
    () => requests.records.find((candidate) => candidate.partition === partition && candidate.offset === offset),
    { what: 'the record is read' },
  );
  expect(String(record.key)).toBe(thread_id);
  const json = await world.codec.unframe(record.value ?? Buffer.alloc(0));
  expect(JSON.parse(String(json))).toMatchObject({ run_id: published.run_id, thread_id });
});

test('a stateless run ends under the thread that the client names', async () => {
  const published = await runs.create({ assistant_id: 'lane', input: { label: 'a', ms: 0 } });
  expect(await events.waitFor(published)).toMatchObject({ type: 'run.succeeded', thread_id: published.thread_id });
});

test('a paused run is answered by its event', async () => {
  const published = await runs.create({ thread_id: randomUUID(), assistant_id: 'parallel', input: { labels: ['in'] } });
  const paused = await events.waitForPause(published);
  const [question] = paused.interrupts ?? [];
  if (question === undefined) throw new Error('The run has paused without a question.');
  const partly = await events.waitForPause(
    await runs.resume(paused, { [question.id]: 'yes' }, { metadata: { by: 'me' } }),
  );
  expect(partly).toMatchObject({ metadata: { by: 'me' } });
  expect(partly.interrupts).toHaveLength(1);
  const ended = await events.waitFor(await runs.resume(partly, 'no'));
  expect(ended.values?.labels).toEqual(
    expect.arrayContaining([`${JSON.stringify(question.value).slice(1, -1)} "yes"`, 'joined']),
  );
});

test('a stray message does not touch a question, and a run that abandons one reports it', async () => {
  const request = { thread_id: randomUUID(), assistant_id: 'pause', input: { question: 'first?' } };
  const paused = await events.waitForPause(await runs.create(request));
  const stray = await events.waitFor(await runs.create({ ...request, if_thread_status: ['idle', 'error', 'busy'] }));
  expect(stray).toMatchObject({
    type: 'run.rejected',
    reason: 'thread_status',
    error: { thread_status: 'interrupted' },
    abandoned_interrupts: null,
  });
  const anew = await events.waitForPause(await runs.create({ ...request, if_thread_status: ['interrupted'] }));
  expect(anew.abandoned_interrupts).toEqual(paused.interrupts?.map(({ id }) => id));
});

test('an event has the usage of models and the checkpoint of the thread, and a run goes back there', async () => {
  const request = { thread_id: randomUUID(), assistant_id: 'metered', input: { how: 'invoked' } };
  const first = await events.waitFor(await runs.create(request));
  const counts = { calls: 1, input_tokens: 10, output_tokens: 4, cached_tokens: 3, reasoning_tokens: 2 };
  const usage: ModelUsage[] = [{ model: 'm-1', ...counts, attempt: counts }];
  expect(first).toMatchObject({ type: 'run.succeeded', usage, next: [], values: { count: 2 } });
  expect((await events.waitFor(await runs.create(request))).values).toMatchObject({ count: 4 });
  const branch = await runs.create({ ...request, checkpoint_id: first.checkpoint_id });
  expect((await events.waitFor(branch)).values).toMatchObject({ count: 4 });
  const nowhere = await runs.create({ ...request, checkpoint_id: randomUUID() });
  expect(await events.waitFor(nowhere)).toMatchObject({ type: 'run.failed', reason: 'checkpoint_not_found' });
});

test('a running run is cancelled by itself, and the runs behind it with the thread', async () => {
  const thread_id = randomUUID();
  const gate = world.gate();
  const request = { thread_id, assistant_id: 'gate', input: { gate: gate.file } };
  const [first, second] = await runs.createBatch([request, request]);
  if (first === undefined || second === undefined) throw new Error('Two runs were asked for.');
  const { partition, offset } = await runs.cancel({ thread_id, run_id: second.run_id });
  expect([partition, offset > second.offset]).toEqual([second.partition, true]);
  expect(await events.waitFor(second)).toMatchObject({ type: 'run.interrupted', reason: 'cancelled' });
  await runs.cancel({ thread_id, action: 'rollback' });
  gate.open();
  expect(await events.waitFor(first)).toMatchObject({ type: 'run.rolled_back', reason: 'cancelled' });
});

test('two requests with the same run_id are one run', async () => {
  const request = { thread_id: randomUUID(), run_id: randomUUID(), assistant_id: 'lane', input: { label: 'a', ms: 0 } };
  const [first, again] = [await runs.create(request), await runs.create(request)];
  expect(again.offset).toBeGreaterThan(first.offset);
  const { event_id } = await events.waitFor(first);
  expect(await events.waitFor(again)).toMatchObject({ event_id });
});

const bad = BAD_RECORDS.flatMap(({ name, value, code, message, headers }) => {
  const text = String(value);
  return isJsonObject(text) &&
    headers === undefined &&
    ['invalid_request', 'too_large', 'too_deep', 'unstorable_json'].includes(code)
    ? [{ name, text, code, message }]
    : [];
});

function isJsonObject(text: string): boolean {
  try {
    return text.startsWith('{') && typeof JSON.parse(text) === 'object';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

test.each(bad)(
  'a request that would become a dead letter is refused before it is sent, in the same words: $name',
  async (record) => {
    const request: Parameters<RunPublisher['create']>[0] = JSON.parse(record.text);
    const refusal = runs.create(request);
    await expect(refusal).rejects.toBeInstanceOf(InvalidRequestError);
    await expect(refusal).rejects.toMatchObject({ code: record.code, message: expect.stringMatching(record.message) });
  },
);

test('a refusal of the client has the words of the dead letter', async () => {
  const request = { thread_id: randomUUID(), assistant_id: 'lane', run_id: randomUUID(), threadId: 'x', metadata: [] };
  const dead = await world.readDeadLetters();
  await world.publish({ key: request.thread_id, value: Buffer.from(JSON.stringify(request)), headers: {} });
  const letter = await eventually(() => dead.records.find(({ key }) => String(key) === request.thread_id), {
    what: 'the dead letter is published',
  });
  const message = String(letter.headers.get('dlq.error.message')?.[0]);
  // @ts-expect-error -- a type checker refuses it before the client does
  await expect(runs.create(request)).rejects.toMatchObject({ message, code: 'invalid_request' });
});
