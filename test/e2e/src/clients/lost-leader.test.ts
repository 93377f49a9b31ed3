/**
 * While a partition has no leader, a call for it ends with a typed error within its time, and what was not confirmed is
 * in the log under one run_id once the leader is back. Real: three brokers, one of which is killed; the TypeScript client and, where there
 * is a Python, the Python client. Decides: the errors, and the records in the log.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishError, RunPublisher } from '@runlane/client';
import { PARTITION_COUNT, topicNames } from '@runlane/contracts';
import { connectKafka, partitionForKey } from '@runlane/kafka';
import type { KafkaConnection, OutRecord, RecordProducer } from '@runlane/kafka';
import { RetryableError } from '@runlane/service-kit';
import { startKafka } from '@runlane/local';
import type { LocalKafka } from '@runlane/local';
import { TopicReader, eventually, runProgramWell, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTopicOn, lacksLeader } from '../support/cluster.ts';
import { pythonWithClient } from '../support/python-environment.ts';

const dataDir = join(tmpdir(), `runlane-leaders-${randomUUID()}`);
const topicPrefix = 'led.';
const topic = topicNames(topicPrefix).requests;
/** The broker that is lost. */
const LOST = 3;

let kafka: LocalKafka;
let found: Awaited<ReturnType<typeof pythonWithClient>>;
beforeAll(async () => {
  [kafka, found] = await Promise.all([
    startKafka({ dataDir, nodes: 3, env: { ...process.env, KAFKA_BROKERS: '' } }),
    pythonWithClient(),
  ]);
  // One replica each, by turns: nobody takes a partition over.
  await createTopicOn(
    kafka.brokers,
    topic,
    Array.from({ length: PARTITION_COUNT }, (_, index) => [1 + (index % 3)]),
  );
});
afterAll(async () => {
  await kafka?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A request on a thread that the broker leads. */
function requestOn(broker: number) {
  for (;;) {
    const thread_id = randomUUID();
    if (1 + (partitionForKey(thread_id, PARTITION_COUNT) % 3) === broker)
      return { thread_id, assistant_id: 'chat', input: {}, run_id: randomUUID() };
  }
}

let isLost = false;

async function lose(): Promise<void> {
  isLost = true;
  await kafka.node(LOST).kill();
  await eventually(() => lacksLeader(kafka.brokers.slice(0, 2), topic), { what: 'its partitions have no leader' });
}

async function bringBack(): Promise<void> {
  if (isLost) await kafka.node(LOST).restart();
  isLost = false;
}

/** The run_ids of each thread, in the order of the log. */
async function runIdsOf(threadIds: readonly string[]): Promise<string[][]> {
  const connection = connectKafka({ brokers: kafka.brokers, clientId: 'leaders', logger: silentLogger });
  await using reader = await TopicReader.start(connection, topic);
  const idsOf = (threadId: string) =>
    reader.records
      .filter(({ key }) => String(key) === threadId)
      .map(({ value }) => String(JSON.parse(String(value)).run_id));
  const found = () => threadIds.map((threadId) => [...new Set(idsOf(threadId))]);
  return await eventually(() => (found().every((ids) => ids.length > 0) ? found() : null), {
    what: 'the records are read',
  });
}

/** Says what has become of a request. */
const PROGRAM = `
import json, sys
from runlane_client import PublishError, RunPublisher

brokers, prefix, request, timeout = json.loads(sys.argv[1])
runs = RunPublisher(brokers, topic_prefix=prefix, timeout=timeout)
try:
    said = {"published": runs.create(request).run_id}
except PublishError as error:
    said = {"code": error.code, "unconfirmed": error.unconfirmed}
print(json.dumps(said))
`;

type Request = ReturnType<typeof requestOn>;
type Said = { published: string } | { code: string; unconfirmed: readonly unknown[] };

/** What a client says of a request, with seconds that it may take. */
type Client = (request: Request, seconds: number) => Promise<Said>;

const typescript: Client = async (request, seconds) => {
  await using runs = new RunPublisher({ brokers: kafka.brokers, topicPrefix, timeoutMs: seconds * 1_000 });
  try {
    return { published: (await runs.create(request)).run_id };
  } catch (error) {
    if (error instanceof PublishError) return { code: error.code, unconfirmed: error.unconfirmed };
    throw error;
  }
};

const pythonWith =
  (python: string): Client =>
  async (request, seconds) => {
    const order = JSON.stringify([kafka.brokers, topicPrefix, request, seconds]);
    return JSON.parse((await runProgramWell(python, ['-c', PROGRAM, order])).stdout) as Said;
  };

/** What a producer tells of a batch; null when it does not know the outcome. */
async function publishTold(producer: RecordProducer, records: OutRecord[]) {
  const told = { leaderless: [] as OutRecord[], written: [] as OutRecord[] };
  try {
    await producer.publish(records, {
      onLeaderless: (record) => told.leaderless.push(record),
      onWritten: (record) => told.written.push(record),
    });
    return told;
  } catch (error) {
    if (error instanceof RetryableError) return null;
    throw error;
  }
}

/** A new member of a group, and the keys of what it has read. */
async function startReading(connection: KafkaConnection) {
  const keys = new Set<string>();
  const consumer = connection.consumer({
    group: 'leaders',
    topics: [topic],
    handle: async ({ records }) => {
      for (const { key } of records) keys.add(String(key));
      return { commitThrough: records.at(-1)?.offset ?? 0n };
    },
    onAssigned: async () => {
      const admin = await connection.admin();
      try {
        await admin.endOffsets(topic, { withoutLeaderless: true });
      } finally {
        await admin.close();
      }
    },
  });
  await consumer.start();
  return { keys, [Symbol.asyncDispose]: () => consumer.drain(5_000) };
}

test('partitions without a leader hold up no others: a producer writes them, a new consumer reads them', async () => {
  const connection = connectKafka({ brokers: kafka.brokers, clientId: 'leaders', logger: silentLogger });
  const producer = await connection.producer();
  const records = [LOST, 1, 2, LOST, 1].map((broker) => {
    const { thread_id } = requestOn(broker);
    return { broker, record: { topic, key: thread_id, value: null, headers: {} } };
  });
  const all = records.map(({ record }) => record);
  const lost = records.flatMap(({ broker, record }) => (broker === LOST ? [record] : []));
  const publish = () => publishTold(producer, all);
  try {
    expect(await publish()).toEqual({ leaderless: [], written: all });
    await lose();
    // What the producer knows of the leaders may be older than the loss.
    const told = await eventually(publish, {
      what: 'the others are written',
      deadlineMs: 60_000,
    });
    expect(told.leaderless).toEqual(lost);
    const others = all.filter((record) => !lost.includes(record));
    expect(told.written).toEqual(others);
    await using reading = await startReading(connection);
    const hasRead = (some: readonly OutRecord[]) => some.every(({ key }) => reading.keys.has(String(key)));
    await eventually(() => hasRead(others), { what: 'the others are read', deadlineMs: 60_000 });
    expect(lost.some((record) => hasRead([record]))).toBe(false);
    await bringBack();
    await eventually(async () => (await publish())?.leaderless.length === 0, { what: 'all are written' });
    await eventually(() => hasRead(all), { what: 'all are read', deadlineMs: 60_000 });
  } finally {
    await producer.close();
  }
});

test('a partition with too few replicas holds up no others, and takes its records when they are back', async () => {
  const thin = 'thin';
  await createTopicOn(
    kafka.brokers,
    thin,
    [
      [1, LOST],
      [1, 2],
    ],
    { 'min.insync.replicas': '2' },
  );
  const recordOf = (partition: number) => ({ topic: thin, key: 'k', value: null, headers: {}, partition });
  const [lost, other] = [recordOf(0), recordOf(1)];
  const connection = connectKafka({ brokers: kafka.brokers, clientId: 'leaders', logger: silentLogger });
  const producers = await Promise.all(
    [false, true].map((idempotent) => connection.producer({ idempotent, tuning: { deliveryTimeoutMs: 120_000 } })),
  );
  const writtenBy = producers.map((): OutRecord[] => []);
  try {
    await Promise.all(producers.map((producer) => producer.publish([lost, other])));
    await lose();
    for (const producer of producers) {
      // Who publishes may know less than the controller.
      await eventually(async () => (await publishTold(producer, [lost, other, lost]))?.leaderless.length === 2, {
        what: 'it is told what was not written',
        deadlineMs: 60_000,
      });
    }
    // Who does not ask to be told waits.
    const waiting = Promise.all(
      producers.map((producer, index) =>
        producer.publish([lost, other], { onWritten: (record) => writtenBy[index]?.push(record) }),
      ),
    );
    await Promise.all([
      waiting,
      (async () => {
        await eventually(() => writtenBy.every((written) => written.includes(other)), {
          what: 'the others are written',
        });
        expect(writtenBy.flat()).not.toContain(lost);
        await bringBack();
      })(),
    ]);
    expect(writtenBy).toEqual(producers.map(() => [other, lost]));
  } finally {
    await bringBack();
    await Promise.all(producers.map((producer) => producer.close()));
  }
});

test('a call without a leader ends in time, and its record is in the log once, under its run_id', async () => {
  const clients = [typescript, ...('python' in found ? [pythonWith(found.python)] : [])];
  const requests = clients.map(() => requestOn(LOST));
  const say = (seconds: number) =>
    Promise.all(
      requests.map(async (request, index) => {
        const said = await clients[index]?.(request, seconds);
        if (said === undefined) throw new Error('There are as many requests as clients.');
        return said;
      }),
    );
  await lose();
  expect(await say(2)).toEqual(requests.map((request) => ({ code: 'unavailable', unconfirmed: [request] })));
  await bringBack();
  await eventually(async () => (await say(10)).every((said) => 'published' in said), { what: 'they are confirmed' });
  expect(await runIdsOf(requests.map(({ thread_id }) => thread_id))).toEqual(requests.map(({ run_id }) => [run_id]));
});
