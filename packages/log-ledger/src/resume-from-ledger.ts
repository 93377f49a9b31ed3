import type { Assignment, KafkaConnection, Seek, TopicPartition } from '@runlane/kafka';
import { FatalError, RetryableError } from '@runlane/service-kit';
import type { KnownPositions } from './known-positions.ts';
import { recreatedTopicMessage } from './unseen-records.ts';
import type { PositionOwner } from './unseen-records.ts';

export type ResumeOptions = {
  kafka: KafkaConnection;
  group: string;
  topic: string;
  /** The last record in the ledger per partition that was read. */
  positions: ReadonlyMap<number, bigint>;
  known: KnownPositions;
  owner: PositionOwner;
  /** Called for each partition whose committed offset lies behind records that the ledger has not seen. */
  onAhead: (at: TopicPartition, offset: bigint) => void;
  /** Called for each partition of which the topic has lost so many records, by its retention, before the ledger saw them. */
  onLost: (at: TopicPartition, count: bigint) => void;
};

/**
 * Reads on from the ledger's position, which is in one transaction with what was read, not from the group's offset: after
 * a database was restored, replaced by an empty one, or offsets were moved, the offset may lie behind records that the
 * ledger has never seen; and one that lies before the position would bring records again that it has. The record at the
 * position comes again, because it tells whether the topic still is the same (`unseenRecords`). Without a position the
 * partition is read from its beginning. A position behind the end of its partition is of another topic, and would wait
 * for ever.
 *
 * Thrown: FatalError for such a position; RetryableError while the broker is away, and then the consumer calls again.
 */
export async function resumeFromLedger(assignment: Assignment, seek: Seek, options: ResumeOptions): Promise<void> {
  const { kafka, group, topic, positions, known, owner, onAhead, onLost } = options;
  const admin = await kafka.admin();
  try {
    const ends = await admin.endOffsets(topic);
    const committed = await admin.committedOffsets(group, topic);
    for (const at of assignment.partitions) {
      const end = ends.get(at.partition);
      if (end === undefined) continue;
      const position = positions.get(at.partition) ?? -1n;
      if (position >= end.high) throw new FatalError(recreatedTopicMessage(at, position, owner));
      known.note(at, position);
      const next = position + 1n;
      const offset = committed.get(at.partition);
      // A group that is new as well as its ledger has lost nothing of what is older than both.
      const isNew = offset === undefined && !positions.has(at.partition);
      if (end.low > next && !isNew) onLost(at, end.low - next);
      const start = position > end.low ? position : end.low;
      if (offset === next || (offset ?? end.low) === start) continue;
      seek(at, start);
      if (offset !== undefined && offset > next) onAhead(at, start);
    }
  } finally {
    await admin.close();
  }
}

/** The offset behind the last record of a partition. Thrown: RetryableError while the broker cannot tell. */
export async function endOffset(kafka: KafkaConnection, topic: string, partition: number): Promise<bigint> {
  const admin = await kafka.admin();
  try {
    const end = (await admin.endOffsets(topic)).get(partition);
    if (end === undefined) throw new RetryableError(`The broker does not name the end of ${topic}/${partition}.`);
    return end.high;
  } finally {
    await admin.close();
  }
}
