import kafkajs, { type Kafka as KafkaClient } from 'kafkajs';
import { silentLogger } from '@runlane/service-kit/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  collecting,
  createTopic,
  numbered,
  numberIn,
  startConsumer,
  TEST_CONNECTION,
  uniqueGroup,
  until,
} from '../conformance/fixtures.ts';
import type { RecordProducer, InRecord, KafkaAdmin, KafkaConnection } from '../port.ts';
import { connectKafka } from './connect-kafka.ts';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;

/**
 * What other producers and operators do to a log, which the port's own producer never does. Real: adapter, broker, and
 * a second kafkajs client that plays the others; doubled: nothing.
 */
describe('a log that other programs write', () => {
  let kafka: KafkaConnection;
  let admin: KafkaAdmin;
  let producer: RecordProducer;
  let others: KafkaClient;

  beforeAll(async () => {
    const brokers = inject('kafkaBrokers');
    kafka = connectKafka({ brokers, clientId: 'log-shapes', logger: silentLogger, tuning: TEST_CONNECTION });
    others = new Kafka({ brokers, clientId: 'others', logLevel: logLevel.NOTHING, retry: { retries: 8 } });
    admin = await kafka.admin();
    producer = await kafka.producer();
  });
  afterAll(async () => {
    await producer.close();
    await admin.close();
  });

  test('transaction markers and aborted records are skipped, also at the end of a partition', async () => {
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

  test('a group that has only aborted records left to read has no lag', async () => {
    const topic = await createTopic(admin, 1);
    const group = uniqueGroup();
    const transactional = others.producer({ transactionalId: group, idempotent: true, maxInFlightRequests: 1 });
    await transactional.connect();
    const transaction = await transactional.transaction();
    await transaction.send({ topic, messages: [{ value: 'never' }, { value: 'never' }] });
    await transaction.abort();
    await transactional.disconnect();
    const seen: InRecord[] = [];
    await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await until(async () => (await admin.committedOffsets(group, topic)).get(0) === 3n, 'the marker is committed');
    expect(seen).toEqual([]);
  });

  test('records that were deleted after the committed offset are skipped', async () => {
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

  const codecs = Object.entries({ gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' } as const);

  test.each(codecs)(
    'batches in %s are read, as another producer and as the broker itself writes them',
    async (name, type) => {
      const asSent = await createTopic(admin, 1);
      // Here the broker packs what it gets with the Java libraries, which have a framing of their own for snappy.
      const repacked = await createTopic(admin, 1, { 'compression.type': name });
      const sender = others.producer({ allowAutoTopicCreation: false });
      await sender.connect();
      const wide = `0${' '.repeat(200_000)}`;
      for (const [topic, compression] of [
        [asSent, CompressionTypes[type]],
        [repacked, CompressionTypes.None],
      ] as const) {
        await sender.send({ topic, compression, messages: [{ value: wide }, { value: '1' }] });
        await sender.send({ topic, compression, messages: [{ value: '2' }] });
      }
      await sender.disconnect();
      for (const topic of [asSent, repacked]) {
        const seen: InRecord[] = [];
        await using _ = await startConsumer(kafka, { group: uniqueGroup(), topics: [topic], handle: collecting(seen) });
        await until(() => seen.length === 3, 'all is read');
        expect(seen.map(numberIn)).toEqual([0, 1, 2]);
        expect(seen[0]?.value?.toString()).toBe(wide);
      }
    },
  );

  test('a batch that nothing can read is one record with its offsets, and its partition goes on', async () => {
    const topic = await createTopic(admin, 1);
    const group = uniqueGroup();
    const sender = others.producer({ allowAutoTopicCreation: false });
    await sender.connect();
    const send = (compression: number, ...values: string[]): Promise<unknown> =>
      sender.send({ topic, compression, messages: values.map((value) => ({ value })) });
    await send(CompressionTypes.None, '0');
    await send(CompressionTypes.ZSTD, '1', '2', '3');
    await send(CompressionTypes.None, '4');
    await sender.disconnect();
    const known = CompressionCodecs[CompressionTypes.ZSTD];
    CompressionCodecs[CompressionTypes.ZSTD] = () => {
      throw new Error('nobody knows this codec');
    };
    try {
      const seen: InRecord[] = [];
      await using consumer = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
      await until(() => seen.length === 3, 'the partition goes on');
      expect(seen.map(({ offset, value }) => [offset, value?.toString()])).toEqual([
        [0n, '0'],
        [3n, undefined],
        [4n, '4'],
      ]);
      expect(seen[1]).toMatchObject({
        key: null,
        value: null,
        unreadable: { firstOffset: 1n, reason: expect.stringContaining('nobody knows this codec') },
      });
      await until(async () => (await admin.committedOffsets(group, topic)).get(0) === 5n, 'all is committed');
      expect(consumer.health().crashCount).toBe(0);
    } finally {
      CompressionCodecs[CompressionTypes.ZSTD] = known;
    }
  });

  test('a record of 16,000 headers is read like any other', async () => {
    const topic = await createTopic(admin, 1);
    const headers = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`h${index}`, 'v']));
    const repeated = Array.from({ length: 4_000 }, (_, index) => Buffer.from(String(index)));
    await producer.publish([
      ...numbered(topic, 0, 1),
      { topic, key: null, value: Buffer.from('1'), headers: { ...headers, constructor: repeated } },
      ...numbered(topic, 0, 1, 2),
    ]);
    const seen: InRecord[] = [];
    await using consumer = await startConsumer(kafka, {
      group: uniqueGroup(),
      topics: [topic],
      handle: collecting(seen),
    });
    await until(() => seen.length === 3, 'all is read');
    expect(seen.map(numberIn)).toEqual([0, 1, 2]);
    expect(seen[1]?.headers.size).toBe(12_001);
    expect(seen[1]?.headers.get('constructor')?.map(Number)).toEqual(repeated.map(Number));
    expect(consumer.health()).toMatchObject({ rebalanceCount: 0, crashCount: 0 });
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
    await until(() => seen.length === 13, 'the new records are delivered');
    expect(seen.slice(10).map(numberIn)).toEqual([100, 101, 102]);
  });
});
