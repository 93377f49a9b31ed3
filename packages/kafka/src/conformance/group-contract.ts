import { RetryableError } from '@runlane/service-kit/errors';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RecordProducer, InRecord, KafkaAdmin, KafkaConnection, RecordConsumer } from '../port.ts';
import {
  collecting,
  connectParts,
  createTopic,
  joined,
  lastOffset,
  numbered,
  startConsumer,
  tick,
  uniqueGroup,
  until,
  type Adapter,
  type StartedConsumer,
} from './fixtures.ts';
import { createOracle } from './sequence-oracle.ts';

/**
 * What several members of a group do together: nothing is lost, skipped or committed early while members come, leave
 * and vanish. Real: the adapter and the broker. Doubled: nothing. Decides: the sequence oracle.
 */
export function groupContract(adapter: Adapter, brokers: () => string[]): void {
  describe(`group contract: ${adapter.name}`, () => {
    let kafka: KafkaConnection;
    let admin: KafkaAdmin;
    let producer: RecordProducer;

    beforeAll(() =>
      connectParts(adapter, { brokers: brokers(), clientId: 'group-contract' }, (parts) => {
        ({ kafka, admin, producer } = parts);
      }),
    );

    const ownedBy = (consumer: RecordConsumer): number => consumer.health().partitions.length;

    test('loses, skips and commits nothing early while members join, leave and vanish under load', async () => {
      const partitions = 6;
      const perPartition = 1_500;
      const topic = await createTopic(admin, partitions);
      const group = uniqueGroup();
      const oracle = createOracle(partitions);
      const start = (): Promise<StartedConsumer> =>
        startConsumer(kafka, { group, topics: [topic], handle: oracle.handler(tick) });

      const publishing = (async () => {
        for (let from = 0; from < perPartition; from += 10) {
          const batch = Array.from({ length: partitions }, (_, partition) => numbered(topic, partition, 10, from));
          await producer.publish(batch.flat());
          await tick();
        }
      })();
      const finished = new AbortController();
      const watching = (async () => {
        while (!finished.signal.aborted) oracle.checkCommitted(await admin.committedOffsets(group, topic));
      })();

      await using stays = await start();
      await joined(stays);
      const leaves = await start();
      await until(() => ownedBy(leaves) === 3, 'the second member has its share');
      await using third = await start();
      await until(() => ownedBy(third) === 2, 'the third member has its share');
      await leaves.drain(10_000);
      await until(() => ownedBy(stays) + ownedBy(third) === partitions, 'two members share all');
      const vanishes = await start();
      await until(() => ownedBy(vanishes) === 2, 'the next member has its share');
      // Cut off in the middle of its work: the broker notices when its session times out.
      await vanishes.drain(0);
      await publishing;
      await until(() => oracle.isComplete(perPartition), 'every record is handled');
      finished.abort();
      await watching;

      const complete = Array.from({ length: partitions }, (_, partition) => [partition, BigInt(perPartition)] as const);
      await until(
        async () =>
          [...(await admin.committedOffsets(group, topic)).values()].every((at) => at === BigInt(perPartition)),
        'all is committed',
      );
      expect(await admin.committedOffsets(group, topic)).toEqual(new Map(complete));
      expect(oracle.problems).toEqual([]);
      // Each of five rebalances may repeat the batches under way, of at most 256 KiB: far less than everything.
      expect(oracle.repeatCount()).toBeLessThan((partitions * perPartition) / 2);
    });

    test('tells a running handler of a rebalance, and still keeps its finished records', async () => {
      const topic = await createTopic(admin, 1);
      const group = uniqueGroup();
      await producer.publish(numbered(topic, 0, 4));
      const entered = Promise.withResolvers<void>();
      const told = Promise.withResolvers<unknown>();
      const seen: InRecord[] = [];
      await using first = await startConsumer(kafka, {
        group,
        topics: [topic],
        handle: async (batch, { signal, keepAlive }) => {
          seen.push(...batch.records);
          entered.resolve();
          while (!signal.aborted) {
            await tick();
            // A careless handler swallows the error; the member must rejoin all the same (K2).
            await keepAlive().catch((error: unknown) => told.resolve(error));
          }
          return { commitThrough: lastOffset(batch) };
        },
      });
      await entered.promise;
      await using second = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
      await told.promise;
      await until(
        () => ownedBy(first) + ownedBy(second) === 1 && first.health().rebalanceCount > 0,
        'both have joined',
      );
      await until(async () => (await admin.committedOffsets(group, topic)).get(0) === 4n, 'the batch is committed');
      expect(seen).toHaveLength(4);
      expect(first.health().crashCount).toBe(0);
    });

    test('forgets a back-off and keeps a requested pause when the group rebalances', async () => {
      const topic = await createTopic(admin, 2);
      const group = uniqueGroup();
      await producer.publish([...numbered(topic, 0, 1), ...numbered(topic, 1, 1)]);
      const attempts: number[] = [];
      const seen: InRecord[] = [];
      await using first = await startConsumer(kafka, {
        group,
        topics: [topic],
        // Longer than the test: only the rebalance can end it.
        tuning: { retryInitialMs: 120_000, retryMaxMs: 120_000 },
        handle: async (batch) => {
          attempts.push(batch.partition);
          if (attempts.length === 1) throw new RetryableError('the database is down');
          seen.push(...batch.records);
          return { commitThrough: lastOffset(batch) };
        },
      });
      first.pause([{ topic, partition: 1 }]);
      await until(() => attempts.length === 1, 'the first partition has failed');
      const second = await startConsumer(kafka, { group, topics: [topic], handle: () => Promise.resolve(null) });
      await until(() => ownedBy(second) === 1 && ownedBy(first) === 1, 'the partitions are shared');
      await second.drain(10_000);
      await until(() => ownedBy(first) === 2, 'the first member has both again');
      await until(() => seen.length === 1, 'the partition that backed off is delivered');
      expect(attempts).toEqual([0, 0]);
      first.resume([{ topic, partition: 1 }]);
      await until(() => seen.length === 2, 'the requested pause ended with its resume');
    });

    test('a second group reads everything again, from the same connection', async () => {
      const topic = await createTopic(admin, 3);
      const partitions = [0, 1, 2];
      await producer.publish(partitions.flatMap((partition) => numbered(topic, partition, 5)));
      const counts = await Promise.all(
        [uniqueGroup(), uniqueGroup()].map(async (group) => {
          const seen: InRecord[] = [];
          await using _ = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
          await until(() => seen.length === 15, 'all is read');
          return seen.length;
        }),
      );
      expect(counts).toEqual([15, 15]);
    });
  });
}
