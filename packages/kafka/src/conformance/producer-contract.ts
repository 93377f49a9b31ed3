import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import { RecordTooLarge } from '../errors.ts';
import { partitionForKey } from '../partitioner.ts';
import type { RecordProducer, InRecord, KafkaAdmin, KafkaConnection, OutRecord } from '../port.ts';
import {
  collecting,
  connectParts,
  createTopic,
  numbered,
  numberIn,
  startConsumer,
  uniqueGroup,
  until,
  type Adapter,
} from './fixtures.ts';

const MIB = 1024 * 1024;

/**
 * What any producer behind the port does. Real: the adapter and the broker. Doubled: nothing. Decides: the records that
 * a consumer of the same adapter reads back.
 */
export function producerContract(adapter: Adapter, brokers: () => string[]): void {
  describe(`producer contract: ${adapter.name}`, () => {
    let kafka: KafkaConnection;
    let admin: KafkaAdmin;
    let producer: RecordProducer;

    beforeAll(() =>
      connectParts(adapter, { brokers: brokers(), clientId: 'producer-contract' }, (parts) => {
        ({ kafka, admin, producer } = parts);
      }),
    );

    async function readAll(topics: string[], count: number): Promise<InRecord[]> {
      const read: InRecord[] = [];
      await using _ = await startConsumer(kafka, { group: uniqueGroup(), topics, handle: collecting(read) });
      await until(() => read.length >= count, `${count} records are read, not ${read.length}`);
      return read;
    }

    test('keeps the order of a partition within calls and across calls that were not awaited in between', async () => {
      const topic = await createTopic(admin, 2);
      const calls = [0, 1, 2, 3, 4].map((call) =>
        producer.publish([...numbered(topic, 0, 20, call * 20), ...numbered(topic, 1, 20, call * 20)]),
      );
      await Promise.all(calls);
      const read = await readAll([topic], 200);
      for (const partition of [0, 1]) {
        const numbers = read.filter((record) => record.partition === partition).map(numberIn);
        expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index));
      }
    });

    test('puts a key on the partition that partitionForKey names', async () => {
      const topic = await createTopic(admin, 24);
      const keys = ['thread-1', 'thread-2', 'd2b8e3a0-6f44-4c5c-9d8e-0c6f0a3f8f11', 'ünïcode', '', 'x'.repeat(255)];
      await producer.publish(keys.map((key) => ({ topic, key, value: Buffer.from(key), headers: {} })));
      const read = await readAll([topic], keys.length);
      const partitions = new Map(read.map((record) => [record.key?.toString(), record.partition]));
      expect(partitions).toEqual(new Map(keys.map((key) => [key, partitionForKey(key, 24)])));
    });

    test('carries several topics, null keys, null values and repeated headers of any name in one batch', async () => {
      const topics = [await createTopic(admin, 1), await createTopic(admin, 1)] as const;
      const headers = {
        plain: 'text',
        bytes: Buffer.from([0, 255]),
        repeated: ['b', 'a', 'b'].map((text) => Buffer.from(text)),
        constructor: 'a name that every object has',
        empty: '',
      };
      await producer.publish([
        { topic: topics[0], key: null, value: null, headers: {} },
        { topic: topics[1], key: Buffer.from('k'), value: Buffer.from('v'), headers },
        { topic: topics[0], key: 'k', value: Buffer.alloc(0), headers: {} },
      ]);
      const read = await readAll([...topics], 3);
      const first = read.filter((record) => record.topic === topics[0]);
      expect(first.map(({ key, value }) => ({ key, value }))).toEqual([
        { key: null, value: null },
        { key: Buffer.from('k'), value: Buffer.alloc(0) },
      ]);
      const second = read.find((record) => record.topic === topics[1]);
      expect(second?.headers).toEqual(
        new Map([
          ['plain', [Buffer.from('text')]],
          ['bytes', [Buffer.from([0, 255])]],
          ['repeated', [Buffer.from('b'), Buffer.from('a'), Buffer.from('b')]],
          ['constructor', [Buffer.from('a name that every object has')]],
          ['empty', [Buffer.alloc(0)]],
        ]),
      );
    });

    test('accepts records up to 8 MiB with 64 KiB of headers, and more of them than fit in one record batch', async () => {
      const topic = await createTopic(admin, 1, { 'max.message.bytes': String(8 * MIB + 64 * 1024) });
      const record = (bytes: number, headerBytes = 0): OutRecord => ({
        topic,
        key: `of ${bytes} bytes`,
        value: Buffer.alloc(bytes, 'x'),
        headers: { filler: Buffer.alloc(headerBytes) },
      });
      await producer.publish([record(5 * MIB), record(5 * MIB), record(1), record(8 * MIB, 60 * 1024)]);
      const read = await readAll([topic], 4);
      expect(read.map(({ value }) => value?.length)).toEqual([5 * MIB, 5 * MIB, 1, 8 * MIB]);
    });

    test('refuses a record that is too large for its topic, by name, after the records before it are written', async () => {
      const topic = await createTopic(admin, 1, { 'max.message.bytes': '20000' });
      const small = numbered(topic, 0, 3);
      const large: OutRecord = { topic, key: 'thread-7', value: Buffer.alloc(30_000), headers: {} };
      const refusal = producer.publish([...small, large]);
      await expect(refusal).rejects.toBeInstanceOf(RecordTooLarge);
      await expect(refusal).rejects.toMatchObject({ record: large });
      await expect(refusal).rejects.toThrow(`with key thread-7 of topic ${topic} is too large`);
      // Ten of them are more than the topic takes at once, and each is not.
      const medium: OutRecord = { ...large, value: Buffer.alloc(15_000) };
      await producer.publish(Array.from({ length: 10 }, () => medium));
      const read = await readAll([topic], 13);
      expect(read.slice(0, 3).map(numberIn)).toEqual([0, 1, 2]);
    });

    test('rejects with RetryableError for a topic that does not exist, and works again afterwards', async () => {
      const topic = await createTopic(admin, 1);
      const refusal = producer.publish(numbered(`missing-${topic}`, 0, 1));
      const next = producer.publish(numbered(topic, 0, 1));
      await expect(refusal).rejects.toBeInstanceOf(RetryableError);
      await next;
      await expect(readAll([topic], 1)).resolves.toHaveLength(1);
    });

    test('sends nothing of a batch whose signal is already aborted, nor after it was closed', async () => {
      const topic = await createTopic(admin, 1);
      const reason = new Error('shutting down');
      const aborted = producer.publish(numbered(topic, 0, 1), { signal: AbortSignal.abort(reason) });
      await expect(aborted).rejects.toMatchObject({ name: 'RetryableError', cause: reason });
      const closed = await kafka.producer();
      await closed.close();
      await expect(closed.publish(numbered(topic, 0, 1))).rejects.toBeInstanceOf(RetryableError);
      expect(await admin.endOffsets(topic)).toEqual(new Map([[0, { low: 0n, high: 0n }]]));
    });

    test('finishes the publish under way before it closes', async () => {
      const topic = await createTopic(admin, 1);
      const closing = await kafka.producer();
      const published = closing.publish(numbered(topic, 0, 50));
      await Promise.all([published, closing.close()]);
      expect(await admin.endOffsets(topic)).toEqual(new Map([[0, { low: 0n, high: 50n }]]));
    });

    test('refuses what cannot be encoded with FatalError', async () => {
      const topic = await createTopic(admin, 1);
      const record = { topic, key: 'k', value: Buffer.from('v'), headers: { broken: JSON.parse('null') } };
      await expect(producer.publish([record])).rejects.toThrow(/header broken that is neither text nor a Buffer/);
    });

    test('creates topics once, and describes existing ones', async () => {
      const topic = await createTopic(admin, 3, { 'retention.ms': '60000' });
      const other = `${topic}-other`;
      const definition = (name: string, partitions: number) => ({ name, partitions, config: {} });
      expect(await admin.createTopics([definition(topic, 9), definition(other, 2)])).toEqual([other]);
      expect(await admin.partitionCount(topic)).toBe(3);
      expect(await admin.partitionCount(`${topic}-missing`)).toBeNull();
      expect(await admin.describeTopic(`${topic}-missing`)).toBeNull();
      const description = await admin.describeTopic(topic);
      expect(description).toMatchObject({ partitions: 3, replicas: 1 });
      expect(description?.config.get('retention.ms')).toBe('60000');
      expect(description?.config.get('cleanup.policy')).toBe('delete');
      await admin.setTopicConfig(topic, { 'max.message.bytes': '123456' });
      // The broker that answers may learn of the change a moment after the one that has acknowledged it.
      const config = async () => (await admin.describeTopic(topic))?.config;
      await until(async () => (await config())?.get('max.message.bytes') === '123456', 'the new size is described');
      expect((await config())?.get('retention.ms')).toBe('60000');
      await expect(admin.createTopics([{ ...definition('bad name', 1) }])).rejects.toBeInstanceOf(FatalError);
      expect(await admin.committedOffsets(uniqueGroup(), topic)).toEqual(new Map());
    });
  });
}
