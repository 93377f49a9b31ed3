import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { RecordProducer, InRecord, KafkaAdmin, KafkaConnection } from '../port.ts';
import {
  collecting,
  committed,
  connectParts,
  createTopic,
  first,
  joined,
  lastOffset,
  numbered,
  numberIn,
  startConsumer,
  uniqueGroup,
  until,
  type Adapter,
} from './fixtures.ts';

/**
 * How a consumer behind the port is paused, drained and killed. Real: the adapter and the broker. Doubled: nothing.
 * Decides: the records a handler saw, the offsets that the broker has for the group, and whether another member gets
 * the partitions sooner than a session times out.
 */
export function lifecycleContract(adapter: Adapter, brokers: () => string[]): void {
  describe(`lifecycle contract: ${adapter.name}`, () => {
    let kafka: KafkaConnection;
    let admin: KafkaAdmin;
    let producer: RecordProducer;

    beforeAll(() =>
      connectParts(adapter, { brokers: brokers(), clientId: 'lifecycle-contract' }, (parts) => {
        ({ kafka, admin, producer } = parts);
      }),
    );

    test('a paused partition is not delivered until it is resumed, whatever was fetched already', async () => {
      const topic = await createTopic(admin, 2);
      const seen: InRecord[] = [];
      const paused = [{ topic, partition: 0 }];
      const consumer = await startConsumer(kafka, { group: uniqueGroup(), topics: [topic], handle: collecting(seen) });
      await using _ = consumer;
      consumer.pause(paused);
      await producer.publish([...numbered(topic, 0, 3), ...numbered(topic, 1, 3)]);
      await until(() => seen.length === 3, 'the other partition is delivered');
      await producer.publish(numbered(topic, 1, 3, 3));
      await until(() => seen.length === 6, 'the other partition goes on');
      expect(seen.every(({ partition }) => partition === 1)).toBe(true);
      consumer.resume(paused);
      await until(() => seen.length === 9, 'the resumed partition is delivered');
      expect(seen.filter(({ partition }) => partition === 0).map(numberIn)).toEqual(first(3));
    });

    test('a batch that was fetched before its partition was paused is held back, too', async () => {
      const topic = await createTopic(admin, 2);
      await producer.publish([...numbered(topic, 0, 3), ...numbered(topic, 1, 3)]);
      const order: number[] = [];
      const consumer = await startConsumer(kafka, {
        group: uniqueGroup(),
        topics: [topic],
        partitionsInParallel: 1,
        handle: async (batch) => {
          order.push(batch.partition);
          if (order.length === 1) consumer.pause([{ topic, partition: 1 - batch.partition }]);
          return { commitThrough: lastOffset(batch) };
        },
      });
      await using _ = consumer;
      await until(() => order.length === 1, 'the first partition is handled');
      const [handled = 0] = order;
      await producer.publish(numbered(topic, handled, 1, 3));
      await until(() => order.length === 2, 'the first partition goes on');
      expect(order).toEqual([handled, handled]);
      consumer.resume([{ topic, partition: 1 - handled }]);
      await until(() => order.length === 3, 'the resumed partition is handled');
    });

    test('keeps its membership while all its partitions are paused for longer than a session', async () => {
      const topic = await createTopic(admin, 1);
      const seen: InRecord[] = [];
      const paused = [{ topic, partition: 0 }];
      const options = { group: uniqueGroup(), topics: [topic], handle: collecting(seen) };
      await using consumer = await startConsumer(kafka, options);
      consumer.pause(paused);
      await joined(consumer);
      const joinedAt = performance.now();
      const isPastSession = (): boolean => (consumer.health().lastHeartbeatAtMs ?? 0) > joinedAt + 7_000;
      await until(isPastSession, 'heartbeats go on past the session timeout');
      await producer.publish(numbered(topic, 0, 1));
      consumer.resume(paused);
      await until(() => seen.length === 1, 'the record is delivered');
      expect(consumer.health()).toMatchObject({ state: 'joined', rebalanceCount: 0, crashCount: 0 });
    });

    test('keeps its membership when the wall clock jumps back', async () => {
      const topic = await createTopic(admin, 1);
      const seen: InRecord[] = [];
      const options = { group: uniqueGroup(), topics: [topic], handle: collecting(seen) };
      await using consumer = await startConsumer(kafka, options);
      await joined(consumer);
      const joinedAt = performance.now();
      const now = Date.now;
      vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
      try {
        const isPastSession = (): boolean => (consumer.health().lastHeartbeatAtMs ?? 0) > joinedAt + 7_000;
        await until(isPastSession, 'heartbeats go on past the session timeout');
        await producer.publish(numbered(topic, 0, 1));
        await until(() => seen.length === 1, 'the record is delivered');
        expect(consumer.health()).toMatchObject({ state: 'joined', rebalanceCount: 0, crashCount: 0 });
      } finally {
        vi.restoreAllMocks();
      }
    });

    test('a setting that the broker refuses ends the consumer instead of being tried again for ever', async () => {
      const topic = await createTopic(admin, 1);
      await using consumer = await startConsumer(kafka, {
        group: uniqueGroup(),
        topics: [topic],
        // Brokers take 6 s at least.
        tuning: { sessionTimeoutMs: 500 },
        handle: () => Promise.resolve(null),
      });
      await expect(consumer.failed).rejects.toBeInstanceOf(FatalError);
      await expect(consumer.failed).rejects.toThrow(/session timeout/i);
      expect(consumer.health().state).toBe('crashed');
    });

    test('drain lets the running handler finish and commits its result', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 5));
      const entered = Promise.withResolvers<void>();
      const aborted = Promise.withResolvers<unknown>();
      await using consumer = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch, { signal }) => {
          entered.resolve();
          signal.addEventListener('abort', () => aborted.resolve(signal.reason));
          await aborted.promise;
          return { commitThrough: lastOffset(batch) };
        },
      });
      await entered.promise;
      await consumer.drain(5_000);
      expect(await aborted.promise).toBeInstanceOf(RetryableError);
      expect(await committed(admin, group, topic)).toBe(5n);
      expect(consumer.health()).toMatchObject({ state: 'stopped', partitions: [] });
    });

    test('drain gives up on a handler that does not finish, and its late result is not committed', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 5));
      const entered = Promise.withResolvers<void>();
      const finish = Promise.withResolvers<void>();
      const finished = Promise.withResolvers<void>();
      await using consumer = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch) => {
          entered.resolve();
          await finish.promise;
          finished.resolve();
          return { commitThrough: lastOffset(batch) };
        },
      });
      await entered.promise;
      const startedAt = performance.now();
      await consumer.drain(200);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      finish.resolve();
      await finished.promise;
      // Anything that the killed member still sent would have arrived when another member has joined and read.
      const seen: InRecord[] = [];
      await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
      await until(() => seen.length === 5, 'the uncommitted records are delivered again');
    });

    test('drain during the first join leaves no member behind, and start after it does nothing', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 1));
      const zombies: InRecord[] = [];
      const drained = await Promise.all(
        // Spread over the duration of a join, so that each of its steps is hit by some.
        Array.from({ length: 16 }, async (_, index) => {
          const consumer = await startConsumer(kafka, { group, topics: [topic], handle: () => Promise.resolve(null) });
          await new Promise((resolve) => setTimeout(resolve, index * 6));
          await consumer.drain(15_000);
          return consumer;
        }),
      );
      for (const consumer of drained) await consumer.start();
      expect(drained.map((consumer) => consumer.health().state)).toEqual(Array(16).fill('stopped'));
      const startedAt = performance.now();
      await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(zombies) });
      await until(() => zombies.length === 1, 'the only member has the partition');
      expect(performance.now() - startedAt).toBeLessThan(4_000);
    });
  });
}
