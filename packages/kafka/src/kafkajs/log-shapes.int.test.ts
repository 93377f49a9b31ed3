import kafkajs, { type Kafka as KafkaClient } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  collecting,
  createTopic,
  numbered,
  numberIn,
  recordingLogger,
  startConsumer,
  TEST_CONNECTION,
  uniqueGroup,
  until,
} from '../conformance/fixtures.ts';
import type { EventProducer, InRecord, KafkaAdmin, KafkaConnection } from '../port.ts';
import { connectKafka } from './connect-kafka.ts';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;

/**
 * What other producers and operators do to a log, which the port's own producer never does. Real: adapter, broker, and
 * a second kafkajs client that plays the others; doubled: nothing.
 */
describe('a log that others write', () => {
  const logger = recordingLogger();
  let kafka: KafkaConnection;
  let admin: KafkaAdmin;
  let producer: EventProducer;
  let others: KafkaClient;

  beforeAll(async () => {
    const brokers = inject('kafkaBrokers');
    kafka = connectKafka({ brokers, clientId: 'log-shapes', logger, tuning: TEST_CONNECTION });
    others = new Kafka({ brokers, clientId: 'others', logLevel: logLevel.NOTHING, retry: { retries: 8 } });
    admin = await kafka.admin();
    producer = await kafka.producer();
  });
  afterAll(async () => {
    await producer.close();
    await admin.close();
  });

  test('transaction markers and aborted records are passed over, also at the end of a partition', async () => {
    const topic = await createTopic(admin, 1);
    const group = uniqueGroup();
    const transactional = others.producer({ transactionalId: group, idempotent: true, maxInFlightRequests: 1 });
    await transactional.connect();
    const send = async (values: string[], outcome: 'commit' | 'abort'): Promise<void> => {
      const transaction = await transactional.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
      await transaction[outcome]();
    };
    await send(['0', '1'], 'commit');
    await send(['never'], 'abort');
    await send(['2'], 'commit');
    await send(['never'], 'abort');
    const seen: InRecord[] = [];
    await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await until(() => seen.length === 3, 'the committed records are delivered');
    // Markers at 2, 4, 6 and 8; the aborted records at 3 and 7.
    expect(seen.map((record) => [numberIn(record), record.offset])).toEqual([
      [0, 0n],
      [1, 1n],
      [2, 5n],
    ]);
    await send(['3'], 'commit');
    await until(() => seen.length === 4, 'what follows the trailing markers is delivered');
    await transactional.disconnect();
    await until(
      async () => (await admin.committedOffsets(group, topic)).get(0) === (await admin.endOffsets(topic)).get(0)?.high,
      'the commit reaches past the last marker',
    );
  });

  test('records that were deleted behind the committed offset are passed over', async () => {
    const topic = await createTopic(admin, 1);
    const group = uniqueGroup();
    await producer.publish(numbered(topic, 0, 10));
    const seen: InRecord[] = [];
    const first = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await until(async () => (await admin.committedOffsets(group, topic)).get(0) === 10n, 'all is committed');
    await first.drain(10_000);
    await producer.publish(numbered(topic, 0, 10, 10));
    const operator = others.admin();
    await operator.connect();
    await operator.fetchTopicOffsets(topic);
    await operator.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '15' }] });
    await operator.disconnect();
    await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await until(() => seen.length === 15, 'reading goes on with the oldest record left');
    expect(seen.slice(10).map(numberIn)).toEqual([15, 16, 17, 18, 19]);
    await until(
      async () => (await admin.committedOffsets(group, topic)).get(0) === 20n,
      'the new position is committed',
    );
  });

  test('gzip and zstd batches of other producers are read', async () => {
    const topic = await createTopic(admin, 1);
    const sender = others.producer({ allowAutoTopicCreation: false });
    await sender.connect();
    for (const [index, compression] of [CompressionTypes.GZIP, CompressionTypes.ZSTD].entries()) {
      const messages = [0, 1].map((of) => ({ value: String(index * 2 + of), partition: 0 }));
      await sender.send({ topic, compression, messages });
    }
    await sender.disconnect();
    const seen: InRecord[] = [];
    await using _ = await startConsumer(kafka, { group: uniqueGroup(), topics: [topic], handle: collecting(seen) });
    await until(() => seen.length === 4, 'all is read');
    expect(seen.map(numberIn)).toEqual([0, 1, 2, 3]);
  });

  test('a batch in an unknown codec is fatal, unless the topic has the broker unpack it', async () => {
    const asSent = await createTopic(admin, 1);
    const unpacked = await createTopic(admin, 1, { 'compression.type': 'uncompressed' });
    const sender = others.producer({ allowAutoTopicCreation: false });
    await sender.connect();
    for (const topic of [asSent, unpacked]) {
      await sender.send({ topic, compression: CompressionTypes.ZSTD, messages: [{ value: '0' }, { value: '1' }] });
    }
    await sender.disconnect();
    const known = CompressionCodecs[CompressionTypes.ZSTD];
    CompressionCodecs[CompressionTypes.ZSTD] = () => CompressionCodecs[CompressionTypes.Snappy]();
    try {
      const seen: InRecord[] = [];
      const options = { group: uniqueGroup(), handle: collecting(seen) };
      await using _ = await startConsumer(kafka, { ...options, topics: [unpacked] });
      await until(() => seen.length === 2, 'the unpacked records are delivered');
      await using stuck = await startConsumer(kafka, { ...options, group: uniqueGroup(), topics: [asSent] });
      await expect(stuck.failed).rejects.toThrow(/Snappy compression not implemented.*compression.type=uncompressed/);
      expect(seen).toHaveLength(2);
    } finally {
      CompressionCodecs[CompressionTypes.ZSTD] = known;
    }
  });

  test('a consumer of a topic that does not exist yet waits for it', async () => {
    const name = `${await createTopic(admin, 1)}-later`;
    const seen: InRecord[] = [];
    await using consumer = await startConsumer(kafka, {
      group: uniqueGroup(),
      topics: [name],
      handle: collecting(seen),
    });
    await until(() => consumer.health().crashCount > 1, 'it has tried');
    await admin.createTopics([{ name, partitions: 1, config: {} }]);
    await producer.publish(numbered(name, 0, 2));
    await until(() => seen.length === 2, 'the records are delivered');
    expect(consumer.health().state).toBe('joined');
  });

  test('a topic that was deleted and created again is read from its beginning', async () => {
    const topic = await createTopic(admin, 1);
    const group = uniqueGroup();
    await producer.publish(numbered(topic, 0, 10));
    const seen: InRecord[] = [];
    await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await until(async () => (await admin.committedOffsets(group, topic)).get(0) === 10n, 'all is committed');
    const operator = others.admin();
    await operator.connect();
    await operator.deleteTopics({ topics: [topic] });
    await operator.disconnect();
    await until(async () => (await admin.partitionCount(topic)) === null, 'the topic is gone');
    await admin.createTopics([{ name: topic, partitions: 1, config: {} }]);
    const again = await kafka.producer();
    await again.publish(numbered(topic, 0, 3, 100));
    await again.close();
    await until(() => seen.length === 13, 'the new records are delivered', 30_000);
    expect(seen.slice(10).map(numberIn)).toEqual([100, 101, 102]);
  });
});
