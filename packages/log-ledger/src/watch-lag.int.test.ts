/** Real: Kafka. Doubled: the positions of the ledger. Decides: the lag of each partition. */
import { randomUUID } from 'node:crypto';
import { connectKafka } from '@runlane/kafka';
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { watchLagUntil } from './watch-lag.ts';

test('a process reports the lag of the partitions that it reads, also while nothing is taken in', async () => {
  const topic = `lag-${randomUUID()}`;
  const kafka = connectKafka({ brokers: inject('kafkaBrokers'), clientId: 'test', logger: silentLogger });
  const admin = await kafka.admin();
  await admin.createTopics([{ name: topic, partitions: 3, config: {} }]);
  await admin.close();
  const producer = await kafka.producer();
  const publish = (partition: number, count: number) =>
    producer.publish(Array.from({ length: count }, () => ({ topic, key: null, value: null, headers: {}, partition })));
  await publish(0, 5);
  await publish(1, 3);

  let fails = false;
  let last: ReadonlyMap<number, number> | null | undefined;
  const end = new AbortController();
  const watching = watchLagUntil(end.signal, {
    kafka,
    topic,
    partitions: () => [0, 1].map((partition) => ({ topic, partition })),
    read: () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(new Map([[0, 2n]]))),
    onLag: (lag) => {
      last = lag;
    },
    everyMs: 50,
    logger: silentLogger,
  });
  try {
    await eventually(() => last?.get(0) === 2, { what: 'two records behind the position are counted' });
    expect(last).toEqual(
      new Map([
        [0, 2],
        [1, 3],
      ]),
    );
    await publish(0, 4);
    await eventually(() => last?.get(0) === 6, { what: 'four more records are counted' });
    fails = true;
    await eventually(() => last === null, { what: 'the lag is not known' });
  } finally {
    end.abort();
    await watching;
    await producer.close();
  }
});
