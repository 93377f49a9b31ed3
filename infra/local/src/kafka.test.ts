/**
 * Real     Kafka, of whichever provider; the cluster has three brokers.
 * Decides  What clients read and how long they wait; the process table for what must be gone.
 */
import kafkajs, { type Kafka as KafkaClient } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKafka, type LocalKafka } from './index.ts';
import { processKafka } from './process/kafka.ts';
import { eventually, processesNaming, temporaryDataDir } from './test-support.ts';

const { Kafka, logLevel } = kafkajs;

function clientOf(brokers: string[], retries: number): KafkaClient {
  const retry = { retries, initialRetryTime: 100, maxRetryTime: 1000 };
  return new Kafka({ brokers, retry, connectionTimeout: 1000, requestTimeout: 1500, logLevel: logLevel.NOTHING });
}

async function createTopic(brokers: string[], topic: string): Promise<void> {
  const admin = clientOf(brokers, 5).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
}

async function produce(brokers: string[], topic: string, value: string, retries = 5): Promise<void> {
  const producer = clientOf(brokers, retries).producer();
  try {
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

async function firstValue(brokers: string[], topic: string): Promise<string | undefined> {
  const consumer = clientOf(brokers, 5).consumer({ groupId: `reader-of-${topic}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    await consumer.run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) });
    return await promise;
  } finally {
    await consumer.disconnect();
  }
}

describe('one broker', () => {
  const data = temporaryDataDir();
  let kafka: LocalKafka;

  beforeAll(async () => {
    kafka = await startKafka({ dataDir: data.path });
  });
  afterAll(async () => {
    await kafka?.stop();
    data[Symbol.dispose]();
  });

  test('keeps a record over kill and restart, on the same port', async () => {
    const { brokers } = kafka;
    await createTopic(brokers, 'kept');
    await produce(brokers, 'kept', 'written before the kill');
    await kafka.kill();
    await expect(produce(brokers, 'kept', 'lost', 0)).rejects.toThrow(/ECONNREFUSED/);
    await kafka.restart();
    expect(await firstValue(brokers, 'kept')).toBe('written before the kill');
  });

  test('does not answer while it is frozen, and answers again afterwards', async () => {
    const { brokers } = kafka;
    await createTopic(brokers, 'frozen');
    await kafka.freeze();
    await expect(produce(brokers, 'frozen', 'too early', 0)).rejects.toThrow(/timed out/i);
    await kafka.thaw();
    await eventually(() => produce(brokers, 'frozen', 'after the thaw'));
  });

  test('does not create topics by itself', async () => {
    await expect(produce(kafka.brokers, 'never-created', 'x', 0)).rejects.toThrow(/does not host this topic-partition/);
  });

  test('has no broker 2', () => {
    expect(() => kafka.node(2)).toThrow('No broker 2: the ids are 1 to 1');
  });
});

test('a deferred broker has an address, starts with restart(), and leaves no process when stopped', async () => {
  using data = temporaryDataDir();
  await using kafka = await processKafka({ dataDir: data.path, autostart: false });
  await expect(createTopic(kafka.brokers, 'early')).rejects.toThrow(/ECONNREFUSED/);
  await kafka.restart();
  await createTopic(kafka.brokers, 'late');
  expect(processesNaming(data.path)).toHaveLength(1);
  await kafka.stop();
  await kafka.stop();
  expect(processesNaming(data.path)).toEqual([]);
  await expect(kafka.freeze()).rejects.toThrow('Kafka broker 1 does not run');
});

test('a cluster accepts records with acks=-1 after its leader was killed, and the leader comes back with a restart', async () => {
  using data = temporaryDataDir();
  await using kafka = await startKafka({ dataDir: data.path, nodes: 3 });
  await createTopic(kafka.brokers, 'replicated');
  const admin = clientOf(kafka.brokers, 10).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: ['replicated'] });
  const leader = topics[0]!.partitions[0]!.leader;
  expect(topics[0]!.partitions[0]!.isr).toHaveLength(3);

  await kafka.node(leader).kill();
  await produce(kafka.brokers, 'replicated', 'without the leader', 20);
  await kafka.node(leader).restart();
  expect((await admin.describeCluster()).brokers).toHaveLength(3);
  expect(await firstValue(kafka.brokers, 'replicated')).toBe('without the leader');
  await admin.disconnect();
});
