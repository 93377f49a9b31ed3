import { FatalError, RetriableError } from '@runlane/kafka';
import type { Assignment, KafkaConnection, Seek, TopicPartition } from '@runlane/kafka';
import { recreatedTopicMessage } from './unseen-records.ts';
import type { PositionOwner } from './unseen-records.ts';

export type ResumeOptions = {
  kafka: KafkaConnection;
  group: string;
  topic: string;
  /** The last record in the ledger per partition that was read. */
  positions: ReadonlyMap<number, bigint>;
  owner: PositionOwner;
  /** Called for each partition whose committed offset lies behind records that the ledger has not seen. */
  onAhead: (at: TopicPartition, offset: bigint) => void;
};

/**
 * Reads on from the ledger's position, which is in one transaction with what was read, not from the group's offset: after
 * a database was restored, or offsets were moved, the offset may lie behind records that the ledger has never seen. A
 * position behind the end of its partition is of another topic, and would wait for ever (design 2.6).
 *
 * Thrown: FatalError for such a position; RetriableError while the broker is away, and then the consumer calls again.
 */
export async function resumeFromLedger(assignment: Assignment, seek: Seek, options: ResumeOptions): Promise<void> {
  const { kafka, group, topic, positions, owner, onAhead } = options;
  if (positions.size === 0) return;
  const admin = await kafka.admin();
  try {
    const ends = await admin.endOffsets(topic);
    const committed = await admin.committedOffsets(group, topic);
    for (const at of assignment.partitions) {
      const position = positions.get(at.partition);
      const end = ends.get(at.partition);
      if (position === undefined || end === undefined) continue;
      if (position >= end.high) throw new FatalError(recreatedTopicMessage(at, position, owner));
      if ((committed.get(at.partition) ?? -1n) <= position + 1n) continue;
      const offset = position + 1n > end.low ? position + 1n : end.low;
      seek(at, offset);
      onAhead(at, offset);
    }
  } finally {
    await admin.close();
  }
}

/** The offset behind the last record of a partition. Thrown: RetriableError while the broker cannot tell. */
export async function endOffset(kafka: KafkaConnection, topic: string, partition: number): Promise<bigint> {
  const admin = await kafka.admin();
  try {
    const end = (await admin.endOffsets(topic)).get(partition);
    if (end === undefined) throw new RetriableError(`The broker does not name the end of ${topic}/${partition}.`);
    return end.high;
  } finally {
    await admin.close();
  }
}
