import { RetryableError } from '@runlane/service-kit/errors';
import kafkajs, { type ICustomPartitioner, type Message, type PartitionMetadata, type RecordMetadata } from 'kafkajs';
import type { OutRecord } from '../port.ts';
import type { Place } from '../publishing/sender.ts';

type PartitionerArgs = Parameters<ReturnType<ICustomPartitioner>>[0];

/** Where the messages of one producer go. */
export type Placement = {
  /** kafkajs' own partitioner, which is Java's default one; what it chose is remembered. */
  partitioner: ReturnType<ICustomPartitioner>;
  /**
   * Begins a batch. With `leavesOut` the partitioner throws a `LeaderlessPartition` for a message whose partition has no
   * leader, or of which something was left out before in the same batch: what comes later of it must not pass that.
   */
  begin(leavesOut: boolean): void;
  /** Those of the messages of a topic that the partitioner would throw for, by what it has seen of the topic last. */
  leaderless(topic: string, messages: readonly Message[]): Message[];
  /**
   * Where the records of one `sendBatch` were written, by what the brokers answered; null where the partition had fewer
   * replicas than its topic wants. What comes later of such a partition is left out as well.
   *
   * Thrown when no broker has answered for the partition of a record: RetryableError.
   */
  placesOf(
    records: readonly OutRecord[],
    messages: readonly Message[],
    answers: readonly RecordMetadata[],
  ): readonly Place[];
};

/** Remembers which partition each message was given to last: a repeated try chooses again. */
export function createPlacement(): Placement {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  const chosen = new WeakMap<Message, number>();
  const metadataOf = new Map<string, PartitionMetadata[]>();
  const left = new Set<string>();
  let leavesOut = false;

  function hasNoLeader(topic: string, partition: number, partitionMetadata: PartitionMetadata[]): boolean {
    const name = `${topic}/${partition}`;
    const leader = partitionMetadata.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
    if (leader < 0) left.add(name);
    return left.has(name);
  }

  /** A record without a key goes to any partition but those of which something was left out. */
  function place(args: PartitionerArgs): number {
    if (left.size === 0) return choose(args);
    const partitionMetadata = args.partitionMetadata.map((one) =>
      left.has(`${args.topic}/${one.partitionId}`) ? { ...one, leader: -1 } : one,
    );
    return choose({ ...args, partitionMetadata });
  }

  return {
    partitioner: (args) => {
      const { topic, partitionMetadata } = args;
      const partition = place(args);
      chosen.set(args.message, partition);
      if (leavesOut && hasNoLeader(topic, partition, partitionMetadata)) {
        metadataOf.set(topic, partitionMetadata);
        throw new LeaderlessPartition(topic, partition);
      }
      return partition;
    },
    begin: (shallLeaveOut) => {
      leavesOut = shallLeaveOut;
      left.clear();
    },
    leaderless: (topic, messages) => {
      const partitionMetadata = metadataOf.get(topic);
      if (partitionMetadata === undefined) return [];
      return messages.filter((message) =>
        hasNoLeader(topic, place({ topic, partitionMetadata, message }), partitionMetadata),
      );
    },
    placesOf: (records, messages, answers) => {
      const next = new Map<string, bigint | null>();
      for (const answer of answers) {
        const name = `${answer.topicName}/${answer.partition}`;
        next.set(name, answer.errorCode === 0 ? baseOffsetOf(answer) : null);
        if (answer.errorCode !== 0) left.add(name);
      }
      return records.map((record, index) => {
        const { topic } = record;
        const message = messages[index];
        const partition = message === undefined ? undefined : chosen.get(message);
        const offset = next.get(`${topic}/${partition}`);
        if (partition === undefined || offset === undefined) {
          throw new RetryableError(
            `no broker has answered for the record with index ${index} of ${topic}/${partition}`,
          );
        }
        if (offset !== null) next.set(`${topic}/${partition}`, offset + 1n);
        return { record, partition, offset };
      });
    },
  };
}

/** By its name kafkajs asks for the leaders anew before it hands it on, and does not try again itself. */
export class LeaderlessPartition extends Error {
  override readonly name = 'KafkaJSMetadataNotLoaded';
  readonly retriable = false;

  constructor(topic: string, partition: number) {
    super(`${topic}/${partition} has no leader`);
  }
}

function baseOffsetOf({ baseOffset }: RecordMetadata): bigint {
  if (baseOffset === undefined) throw new RetryableError('a broker has answered without an offset');
  return BigInt(baseOffset);
}
