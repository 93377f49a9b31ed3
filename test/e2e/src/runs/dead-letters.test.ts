/**
 * Every kind of bad record on one partition, among good ones. Each becomes one dead letter that says what was wrong and
 * holds everything needed to send the record again; the good ones run (I1, I10). Real: Kafka, registry, Postgres, the
 * process. Decides: the dead letter topic and the status topic.
 */
import { createHash, randomUUID } from 'node:crypto';
import { DEAD_LETTER_HEADERS } from '@runlane/contracts';
import type { InRecord } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';
import type { EventCollector, TopicReader } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { BAD_RECORDS } from '../support/bad-records.ts';
import { World, runCreate } from '../support/world.ts';

const PARTITION = 7;
const DLQ = DEAD_LETTER_HEADERS;
/** Headers of every bad record: one sent twice, and one that is no text. */
const OWN_HEADERS = { 'x-twice': [Buffer.from('one'), Buffer.from('two')], 'x-bytes': Buffer.from([0, 255, 128]) };

let world: World;
let events: EventCollector;
let requests: TopicReader;
let deadLetters: TopicReader;
const good = Array.from({ length: BAD_RECORDS.length + 1 }, (_, index) => ({
  runId: randomUUID() as string,
  // The longest thread id: 255 code points of four bytes each.
  threadId: index === 0 ? '🧵'.repeat(255) : `good-${index % 5}`,
}));

beforeAll(async () => {
  world = await World.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    registryUrl: inject('registryUrl'),
  });
  await world.registerContracts();
  [events, requests, deadLetters] = await Promise.all([
    world.collectEvents(),
    world.readRequests(),
    world.readDeadLetters(),
  ]);
  const records = good.flatMap(({ runId, threadId }, index) => {
    const bad = BAD_RECORDS[index];
    const goodRecord = { ...runCreate(threadId, { run_id: runId }), partition: PARTITION };
    if (bad === undefined) return [goodRecord];
    const { key, value, headers = {} } = bad;
    return [goodRecord, { key, value, headers: { ...OWN_HEADERS, ...headers }, partition: PARTITION }];
  });
  await world.publish(...records);
  const service = world.runConsumer();
  await service.ready();
  await eventually(() => world.hasReadAllRequests(), { what: 'every request is read', deadlineMs: 60_000 });
  await eventually(async () => (await world.waitingDeadLetterCount()) === 0, {
    what: 'every dead letter is published',
  });
  const deadLetterCount = await world.recordCount(world.topics.deadLetters);
  await eventually(() => deadLetters.records.length === deadLetterCount, { what: 'every dead letter is read' });
  await eventually(() => requests.records.length === records.length, { what: 'every request is read back' });
});

afterAll(() => world[Symbol.asyncDispose]());

test('good records before, between and after bad ones run', async () => {
  for (const { runId, threadId } of good) {
    expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded', thread_id: threadId });
  }
});

test('each bad record has one dead letter and no event', async () => {
  expect(deadLetters.records.map((letter) => Number(header(letter, DLQ.offset))).toSorted((a, b) => a - b)).toEqual(
    BAD_RECORDS.map((_, index) => 2 * index + 1),
  );
  const known = new Set(good.map(({ runId }) => runId));
  expect((await events.events()).filter(({ run_id }) => !known.has(run_id))).toEqual([]);
});

test.for(BAD_RECORDS.map((bad, index) => ({ ...bad, offset: BigInt(2 * index + 1) })))(
  'a record with "$name" becomes a dead letter $code',
  ({ offset, code, message, headers = {} }) => {
    const original = requests.records.find((record) => record.partition === PARTITION && record.offset === offset);
    const letter = deadLetters.records.find((record) => header(record, DLQ.offset) === String(offset));
    if (original === undefined || letter === undefined) throw new Error(`Nothing of offset ${offset}.`);

    expect(header(letter, DLQ.errorCode)).toBe(code);
    expect(header(letter, DLQ.errorMessage)).toMatch(message);
    expect(header(letter, DLQ.topic)).toBe(world.topics.requests);
    expect(header(letter, DLQ.partition)).toBe(String(PARTITION));
    expect(letter.key).toEqual(original.key);
    expect(digest(letter.value)).toBe(digest(original.value));
    const own = [...Object.keys(OWN_HEADERS), ...Object.keys(headers)].filter((name) => !name.startsWith('dlq.'));
    expect([...letter.headers.keys()].filter((name) => !name.startsWith('dlq.')).toSorted()).toEqual(own.toSorted());
    for (const name of own) expect(letter.headers.get(name)).toEqual(original.headers.get(name));
  },
);

/** Megabytes are compared by their digest. */
function digest(value: Buffer | null): string | null {
  return value === null ? null : createHash('sha256').update(value).digest('hex');
}

function header(record: InRecord, name: string): string | undefined {
  const values = record.headers.get(name);
  if (values !== undefined && values.length > 1) throw new Error(`Header ${name} was sent more than once.`);
  return values?.[0]?.toString();
}
