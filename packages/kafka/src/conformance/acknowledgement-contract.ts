import { RetryableError } from '@runlane/service-kit/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import { RecordTooLarge } from '../errors.ts';
import { partitionForKey } from '../partitioner.ts';
import type { InRecord, KafkaAdmin, KafkaConnection, OutRecord, WrittenAt } from '../port.ts';
import {
  collecting,
  connectParts,
  createTopic,
  joined,
  lastOffset,
  numbered,
  startConsumer,
  uniqueGroup,
  until,
  type Adapter,
} from './fixtures.ts';

/**
 * What any adapter says about single records: where they were written, and up to which one a group has come.
 * Real: the adapter and the broker. Doubled: nothing. Decides: the records that a consumer reads and the offsets
 * that the broker has for the group.
 */
export function acknowledgementContract(adapter: Adapter, brokers: () => string[]): void {
  describe(`acknowledgement contract: ${adapter.name}`, () => {
    let kafka: KafkaConnection;
    let admin: KafkaAdmin;

    beforeAll(() =>
      connectParts(adapter, { brokers: brokers(), clientId: 'acknowledgement-contract' }, (parts) => {
        ({ kafka, admin } = parts);
      }),
    );

    test.each([false, true])('returns the place of each record (idempotent: %s)', async (idempotent) => {
      const topics = [await createTopic(admin, 24), await createTopic(admin, 3)];
      const producer = await kafka.producer({ idempotent });
      const records: OutRecord[] = Array.from({ length: 120 }, (_, index) => ({
        topic: topics[index % 2] ?? '',
        key: `key-${index % 17}`,
        value: Buffer.from(String(index)),
        headers: {},
      }));
      const places = new Map<OutRecord, WrittenAt>();
      for (const batch of [records.slice(0, 50), records.slice(50)]) {
        await producer.publish(batch, { onWritten: (record, at) => places.set(record, at) });
      }
      await producer.close();
      const read: InRecord[] = [];
      await using _ = await startConsumer(kafka, { group: uniqueGroup(), topics, handle: collecting(read) });
      await until(() => read.length >= records.length, 'all records are read');
      const told = records.map((record) => ({ ...places.get(record), value: String(record.value) }));
      const seen = read
        .toSorted((left, right) => Number(left.value) - Number(right.value))
        .map(({ topic, partition, offset, value }) => ({ topic, partition, offset, value: String(value) }));
      expect(seen).toEqual(told);
      expect(places.get(records[0] as OutRecord)?.partition).toBe(partitionForKey('key-0', 24));
    });

    test('names the records before one that is refused', async () => {
      const topic = await createTopic(admin, 1, { 'max.message.bytes': '20000' });
      const producer = await kafka.producer({ idempotent: true });
      const ofBytes = (bytes: number): OutRecord => ({ topic, key: 'k', value: Buffer.alloc(bytes), headers: {} });
      const written: bigint[] = [];
      await expect(
        producer.publish([ofBytes(1), ofBytes(2), ofBytes(30_000)], { onWritten: (_, at) => written.push(at.offset) }),
      ).rejects.toBeInstanceOf(RecordTooLarge);
      expect(written).toEqual([0n, 1n]);
      await producer.publish([ofBytes(3)], { onWritten: (_, at) => written.push(at.offset) });
      await producer.close();
      expect(written).toEqual([0n, 1n, 2n]);
    });

    test('goes on after records that were only read, and commits them when it is asked to', async () => {
      const topic = await createTopic(admin, 2);
      const group = uniqueGroup();
      const producer = await kafka.producer();
      const read: InRecord[] = [];
      let generation = 0;
      const consumer = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch, context) => {
          read.push(...batch.records);
          generation = context.generation;
          return { readThrough: lastOffset(batch) };
        },
      });
      for (const from of [0, 5]) {
        await producer.publish([...numbered(topic, 0, 5, from), ...numbered(topic, 1, 5, from)]);
        await until(() => read.length === 2 * (from + 5), 'the records are read once');
      }
      await producer.close();
      expect(await admin.committedOffsets(group, topic)).toEqual(new Map());
      await consumer.commit({ topic, partition: 0 }, 6n, generation);
      expect(await admin.committedOffsets(group, topic)).toEqual(new Map([[0, 7n]]));
      await expect(consumer.commit({ topic, partition: 1 }, 6n, generation - 1)).rejects.toBeInstanceOf(RetryableError);
      await consumer.drain(10_000);
      await expect(consumer.commit({ topic, partition: 1 }, 6n, generation)).rejects.toBeInstanceOf(RetryableError);
      expect(await admin.committedOffsets(group, topic)).toEqual(new Map([[0, 7n]]));

      const again: InRecord[] = [];
      await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(again) });
      await until(() => again.length >= 13, 'uncommitted records are delivered again');
      expect(again.filter(({ partition }) => partition === 0).map(({ offset }) => offset)).toEqual([7n, 8n, 9n]);
    });

    test('refuses a commit of a partition that another member has got in the meantime', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      const producer = await kafka.producer();
      await producer.publish(numbered(topic, 0, 3));
      await producer.close();
      const generations: number[] = [];
      const options = {
        group,
        topics: [topic],
        handle: async (batch: Parameters<ReturnType<typeof collecting>>[0], context: { generation: number }) => {
          generations.push(context.generation);
          return { readThrough: lastOffset(batch) };
        },
      };
      await using first = await startConsumer(kafka, options);
      await until(() => generations.length === 1, 'the records are read');
      await using second = await startConsumer(kafka, options);
      await joined(second);
      await until(() => generations.length >= 2, 'the records are delivered again, to one of the two');
      await expect(first.commit({ topic, partition: 0 }, 2n, 1)).rejects.toBeInstanceOf(RetryableError);
      expect(await admin.committedOffsets(group, topic)).toEqual(new Map());
    });

    test('finds offsets by time', async () => {
      const topic = await createTopic(admin, 2);
      const producer = await kafka.producer();
      await producer.publish(numbered(topic, 0, 3));
      const read: InRecord[] = [];
      await using _ = await startConsumer(kafka, { group: uniqueGroup(), topics: [topic], handle: collecting(read) });
      await until(() => read.length >= 3, 'the records are read');
      const [, , last] = read;
      await until(() => Date.now() > (last?.timestampMs ?? 0), 'the clock goes on');
      const between = Date.now();
      await producer.publish(numbered(topic, 0, 2, 3));
      await producer.close();
      expect(await admin.offsetsAt(topic, 0)).toEqual(new Map([0, 1].map((partition) => [partition, 0n])));
      expect(await admin.offsetsAt(topic, between)).toEqual(
        new Map([
          [0, 3n],
          [1, 0n],
        ]),
      );
      expect((await admin.offsetsAt(topic, between + 86_400_000)).get(0)).toBe(5n);
    });
  });
}
