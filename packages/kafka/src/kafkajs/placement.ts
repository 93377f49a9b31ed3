import { RetryableError } from '@runlane/service-kit/errors';
import kafkajs, { type ICustomPartitioner, type Message, type RecordMetadata } from 'kafkajs';
import type { OutRecord, WrittenAt } from '../port.ts';

/** Where the messages of one producer go. */
export type Placement = {
  /** kafkajs' own partitioner, which is Java's default one; what it chose is remembered. */
  partitioner: ReturnType<ICustomPartitioner>;
  /**
   * Where the records of one `sendBatch` were written, by what the brokers answered.
   *
   * Thrown when no broker has answered for the partition of a record: RetryableError.
   */
  placesOf(
    records: readonly OutRecord[],
    messages: readonly Message[],
    answers: readonly RecordMetadata[],
  ): readonly { record: OutRecord; at: WrittenAt }[];
};

/** Remembers which partition each message was given to last: a repeated try chooses again. */
export function createPlacement(): Placement {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  const chosen = new WeakMap<Message, number>();
  return {
    partitioner: (args) => {
      const partition = choose(args);
      chosen.set(args.message, partition);
      return partition;
    },
    placesOf: (records, messages, answers) => {
      const next = new Map(answers.map((answer) => [`${answer.topicName}/${answer.partition}`, baseOffsetOf(answer)]));
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
        next.set(`${topic}/${partition}`, offset + 1n);
        return { record, at: { topic, partition, offset } };
      });
    },
  };
}

function baseOffsetOf({ baseOffset }: RecordMetadata): bigint {
  if (baseOffset === undefined) throw new RetryableError('a broker has answered without an offset');
  return BigInt(baseOffset);
}
