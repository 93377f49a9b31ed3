/** Reads a topic as it is now: from the given place to the ends that it has when the reading begins, in order per partition. */
import { randomUUID } from 'node:crypto';
import type { InRecord, KafkaConnection } from '@runlane/kafka';
import { RetryableError } from '@runlane/service-kit';
import { CommandError } from './command-error.ts';

/** After this long without a record the rest is taken to hold none: marks of transactions have offsets too. In milliseconds. */
const QUIET_MS = 30_000;
/** How long a broker may take until records arrive, in milliseconds. */
const ASSIGNED_MS = 120_000;
const DRAIN_MS = 5_000;

export type TopicReading = {
  topic: string;
  /** Prefix of the reader's group, for the cluster's rules about names of groups. */
  groupPrefix: string;
  /** From the first record of this time on; without one from the first that is stored. */
  from?: Date;
  /** Alternatively, this many of the last records of each partition. */
  last?: number;
  /** Per partition the offset before which it ends; of one that is not named, where it ends now. */
  before?: ReadonlyMap<number, bigint>;
  /** These partitions only. */
  partitions?: ReadonlySet<number>;
  /** Called with one record after the other of a partition; partitions take turns. */
  onRecord: (record: InRecord) => Promise<void> | void;
};

/** Thrown: CommandError without the topic; RetryableError while no broker answers; what `onRecord` throws. */
export async function readTopic(kafka: KafkaConnection, reading: TopicReading): Promise<void> {
  const { topic, partitions } = reading;
  const next = await startsOf(kafka, reading);
  const ends = new Map([...next].map(([partition, { high }]) => [partition, high]));
  const isWanted = (partition: number) => partitions === undefined || partitions.has(partition);
  const left = new Set([...next].filter(([id, { at, high }]) => isWanted(id) && at < high).map(([id]) => id));
  if (left.size === 0) return;
  const done = Promise.withResolvers<void>();
  let timer = setTimeout(
    () =>
      done.reject(new RetryableError(`no broker has assigned ${topic} to this reader within ${ASSIGNED_MS / 1_000} s`)),
    ASSIGNED_MS,
  );
  const listen = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => done.resolve(), QUIET_MS);
  };
  // A consumer would deliver failed records again and again; here the reading ends.
  const tell = async (record: InRecord): Promise<void> => {
    try {
      await reading.onRecord(record);
    } catch (error) {
      done.reject(error);
      throw error;
    }
  };
  const consumer = kafka.consumer({
    // Kafka has members of groups only; this one stores nothing.
    group: `${reading.groupPrefix}runlane-cli-${randomUUID()}`,
    topics: [topic],
    partitionsInParallel: 1,
    onAssigned: ({ partitions: owned }, seek) => {
      listen();
      for (const place of owned) {
        const position = next.get(place.partition);
        if (position !== undefined) seek(place, left.has(place.partition) ? position.at : position.high);
      }
    },
    handle: async ({ partition, records }) => {
      listen();
      const end = ends.get(partition) ?? 0n;
      for (const record of records) {
        const position = next.get(partition);
        if (position === undefined || record.offset < position.at || record.offset >= end) continue;
        if (left.has(partition)) await tell(record);
        position.at = record.offset + 1n;
      }
      const last = records.at(-1);
      if (last === undefined) return null;
      if (last.offset + 1n >= end) left.delete(partition);
      if (left.size === 0) done.resolve();
      return { readThrough: last.offset };
    },
  });
  try {
    await consumer.start();
    await Promise.race([done.promise, consumer.failed]);
  } finally {
    clearTimeout(timer);
    await consumer.drain(DRAIN_MS);
  }
}

type Range = Pick<TopicReading, 'topic' | 'from' | 'last' | 'before'>;

/** Per partition where to begin, and where the topic ends. */
async function startsOf(kafka: KafkaConnection, { topic, from, last, before }: Range) {
  const admin = await kafka.admin();
  try {
    if ((await admin.partitionCount(topic)) === null) {
      throw new CommandError(
        `There is no topic ${topic}. Set RUNLANE_TOPIC_PREFIX to that of the deployment, or run \`runlane topics create\`.`,
      );
    }
    const ends = await admin.endOffsets(topic);
    const starts = from === undefined ? null : await admin.offsetsAt(topic, from.getTime());
    const startOf = (id: number, low: bigint, high: bigint): bigint => {
      if (last === undefined) return starts?.get(id) ?? low;
      return high - BigInt(last) > low ? high - BigInt(last) : low;
    };
    return new Map(
      [...ends].map(([id, { low, high: end }]) => {
        const asked = before?.get(id) ?? end;
        const high = asked < end ? asked : end;
        return [id, { at: startOf(id, low, high), high }];
      }),
    );
  } finally {
    await admin.close();
  }
}
