import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RecordProducer, InRecord, KafkaAdmin, KafkaConnection, PartitionBatch } from '../port.ts';
import {
  collecting,
  committed,
  connectParts,
  createTopic,
  first,
  lastOffset,
  numbered,
  numberIn,
  startConsumer,
  tick,
  uniqueGroup,
  until,
  type Adapter,
} from './fixtures.ts';

/**
 * What any consumer behind the port does with one member: delivery, commits and failing handlers.
 * Real: the adapter and the broker. Doubled: nothing. Decides: the records a handler saw and the offsets that
 * the broker has for the group.
 */
export function consumerContract(adapter: Adapter, brokers: () => string[]): void {
  describe(`consumer contract: ${adapter.name}`, () => {
    let kafka: KafkaConnection;
    let admin: KafkaAdmin;
    let producer: RecordProducer;

    beforeAll(() =>
      connectParts(adapter, { brokers: brokers(), clientId: 'consumer-contract' }, (parts) => {
        ({ kafka, admin, producer } = parts);
      }),
    );

    test('reads from the beginning, in order, and commits what the handler returned', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 30));
      const batches: PartitionBatch[] = [];
      const before = Date.now();
      await using consumer = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch) => {
          batches.push(batch);
          return { commitThrough: lastOffset(batch) };
        },
      });
      await until(async () => (await committed(admin, group, topic)) === 30n, 'all is committed');
      const records = batches.flatMap((batch) => batch.records);
      expect(records.map(numberIn)).toEqual(first(30));
      expect(records.map(({ offset }) => offset)).toEqual(first(30).map(BigInt));
      expect(batches.every((batch) => batch.topic === topic && batch.partition === 0)).toBe(true);
      expect(batches.at(-1)?.highWatermark).toBe(30n);
      expect(records[0]?.timestampMs).toBeGreaterThan(before - 60_000);
      expect(consumer.health()).toMatchObject({
        state: 'joined',
        partitions: [{ topic, partition: 0 }],
        crashCount: 0,
        lostBecause: null,
      });
    });

    test('commits nothing while the handler runs', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 3));
      const entered = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      await using _ = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch) => {
          entered.resolve();
          await finish.promise;
          return { commitThrough: lastOffset(batch) };
        },
      });
      await entered.promise;
      expect(await committed(admin, group, topic)).toBeUndefined();
      finish.resolve();
      await until(async () => (await committed(admin, group, topic)) === 3n, 'the batch is committed');
    });

    test('delivers records after commitThrough again', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 10));
      const starts: bigint[] = [];
      await using _ = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async ({ records }) => {
          const offset = records[0]?.offset ?? -1n;
          starts.push(offset);
          return { commitThrough: offset };
        },
      });
      await until(async () => (await committed(admin, group, topic)) === 10n, 'all is committed, one by one');
      expect(starts).toEqual(first(10).map(BigInt));
    });

    test.each([
      ['a RetryableError', () => new RetryableError('the database is down')],
      ['a TypeError', () => new TypeError('cannot read properties of undefined')],
      ['a thrown string', () => 'thrown by careless code'],
    ])('after %s of the handler: delivers the same batch again, while other partitions go on', async (_, makeError) => {
      const topic = await createTopic(admin, 2);
      const group = uniqueGroup();
      await producer.publish([...numbered(topic, 0, 5), ...numbered(topic, 1, 5)]);
      const seen: InRecord[] = [];
      const attempts: bigint[] = [];
      let isBroken = true;
      await using consumer = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch) => {
          if (batch.partition === 0 && isBroken) {
            attempts.push(batch.records[0]?.offset ?? -1n);
            throw makeError();
          }
          seen.push(...batch.records);
          return { commitThrough: lastOffset(batch) };
        },
      });
      await until(() => attempts.length >= 3, 'the failing partition is tried again');
      await producer.publish(numbered(topic, 1, 5, 5));
      await until(() => seen.length === 10, 'the healthy partition goes on');
      expect(new Set(attempts)).toEqual(new Set([0n]));
      expect(await committed(admin, group, topic, 0)).toBeUndefined();
      isBroken = false;
      await until(async () => (await committed(admin, group, topic, 0)) === 5n, 'the healed partition catches up');
      expect(seen.filter(({ partition }) => partition === 0).map(numberIn)).toEqual(first(5));
      expect(seen.filter(({ partition }) => partition === 1).map(numberIn)).toEqual(first(10));
      expect(consumer.health()).toMatchObject({ state: 'joined', rebalanceCount: 0, crashCount: 0 });
    });

    test('backs off when the handler does nothing, and when it returns an offset it was not given', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 2));
      const answers = [null, { commitThrough: 2n }, { commitThrough: -1n }, null];
      const calledAt: number[] = [];
      await using _ = await startConsumer(kafka, {
        group,
        topics: [topic],
        tuning: { retryInitialMs: 100, retryMaxMs: 100 },
        handle: async (batch) => {
          calledAt.push(performance.now());
          const answer = answers[calledAt.length - 1];
          return answer === undefined ? { commitThrough: lastOffset(batch) } : answer;
        },
      });
      await until(async () => (await committed(admin, group, topic)) === 2n, 'the batch is committed at last');
      expect(calledAt).toHaveLength(5);
      const waits = calledAt.slice(1).map((at, index) => at - (calledAt[index] ?? 0));
      expect(Math.min(...waits)).toBeGreaterThan(95);
    });

    test('a FatalError of the handler ends the consumer, uncommitted and out of the group', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 2));
      const fatal = new FatalError('the configuration is wrong');
      await using consumer = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: () => Promise.reject(fatal),
      });
      await expect(consumer.failed).rejects.toBe(fatal);
      expect(consumer.health()).toMatchObject({ state: 'crashed', partitions: [] });
      expect(await committed(admin, group, topic)).toBeUndefined();
      const seen: InRecord[] = [];
      const startedAt = performance.now();
      await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
      await until(() => seen.length === 2, 'another member has the partition');
      // Sooner than a session times out, so the failed member has left.
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    });

    test('handles no record before onAssigned went through, and calls it until it does', async () => {
      const topic = await createTopic(admin, 2);
      await producer.publish(numbered(topic, 0, 1));
      const events: string[] = [];
      await using _ = await startConsumer(kafka, {
        group: uniqueGroup(),
        topics: [topic],
        onAssigned: async ({ generation, partitions }) => {
          events.push(`assigned ${generation} with ${partitions.length}`);
          await tick();
          if (events.length < 3) throw new RetryableError('the database is down');
        },
        handle: async (batch, { generation }) => {
          events.push(`handled in ${generation}`);
          return { commitThrough: lastOffset(batch) };
        },
      });
      await until(() => events.at(-1) === 'handled in 1', 'the record is handled');
      expect(events).toEqual([...Array<string>(3).fill('assigned 1 with 2'), 'handled in 1']);
    });

    test('reads from the position of onAssigned, not from the commit of the group', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 10));
      const before: InRecord[] = [];
      const first = await startConsumer(kafka, { group, topics: [topic], handle: collecting(before) });
      await until(() => before.length === 10, 'everything is committed');
      await first[Symbol.asyncDispose]();
      const seen: InRecord[] = [];
      await using _ = await startConsumer(kafka, {
        group,
        topics: [topic],
        onAssigned: async (_assignment, seek) => {
          await tick();
          seek({ topic, partition: 0 }, 4n);
        },
        handle: collecting(seen),
      });
      await until(() => seen.length >= 6, 'the records behind the position are read again');
      await producer.publish(numbered(topic, 0, 1));
      await until(() => seen.length >= 7, 'the next record is read');
      expect(seen.map(({ offset }) => offset)).toEqual([4n, 5n, 6n, 7n, 8n, 9n, 10n]);
    });
  });
}
