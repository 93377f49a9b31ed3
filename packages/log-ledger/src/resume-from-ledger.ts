import type { Assignment, KafkaConnection, Seek, TopicPartition } from '@runlane/kafka';
import { FatalError, RetryableError } from '@runlane/service-kit';
import type { KnownPositions } from './known-positions.ts';
import { recreatedTopicMessage } from './unseen-records.ts';
import type { PositionOwner } from './unseen-records.ts';

/** The ledger's places in a topic: per partition the offset of the last record that is in it, or lies before its first. */
export type Places = {
  read: () => Promise<ReadonlyMap<number, bigint>>;
  /** Notes the place of each partition that has none. */
  note: (places: ReadonlyMap<number, bigint>) => Promise<void>;
  /** Moves a place over offsets that the topic has lost; false when somebody else has moved it meanwhile. */
  skip: (at: TopicPartition, from: bigint, to: bigint) => Promise<boolean>;
};

export type ResumeOptions = {
  kafka: KafkaConnection;
  group: string;
  topic: string;
  places: Places;
  known: KnownPositions;
  owner: PositionOwner;
  /**
   * Called for each partition whose committed offset lies behind records that the ledger has not seen. `isEmpty`: it had no
   * place in the topic at all.
   */
  onAhead: (at: TopicPartition, offset: bigint, isEmpty: boolean) => void;
  /** Called for each partition of which the topic has lost so many records, by its retention, before the ledger saw them. */
  onLost: (at: TopicPartition, count: number) => void;
};

/**
 * Reads on from the ledger's position, which is in one transaction with what was read, not from the group's offset: after
 * a database was restored, replaced by an empty one, or offsets were moved, the offset may lie behind records that the
 * ledger has never seen; and one that lies before the position would bring records again that it has. The record at the
 * position comes again, because it tells whether the topic still is the same (`unseenRecords`). A position behind the end of
 * its partition is of another topic, and would wait for ever.
 *
 * A partition gets its place before anything was read of it, so that what retention takes from there on is known to be lost.
 * When ledger and group are new the topic begins where it begins, and all its partitions get their places together, because
 * another member looks after some of them. A partition without a place beside others was added later, or the ledger was put
 * back: it begins at 0.
 *
 * A partition without a leader keeps no other one waiting. Nobody knows its ends: it is read from its place, and the batches
 * tell what it has lost, or that it is of another topic.
 *
 * Thrown: FatalError for such a position; RetryableError while the broker is away, and then the consumer calls again.
 */
export async function resumeFromLedger(assignment: Assignment, seek: Seek, options: ResumeOptions): Promise<void> {
  const { kafka, group, topic, places, known, owner, onAhead, onLost } = options;
  const admin = await kafka.admin();
  try {
    const ends = await admin.endOffsets(topic, { withoutLeaderless: true });
    // Before the places: whoever commits has noted them.
    const committed = await admin.committedOffsets(group, topic);
    const before = await places.read();
    const isNew = before.size === 0 && committed.size === 0;
    const wanted = isNew ? [...ends.keys()] : assignment.partitions.map(({ partition }) => partition);
    const unnoted = wanted.filter((partition) => ends.has(partition) && !before.has(partition));
    if (unnoted.length > 0) {
      await places.note(
        new Map(unnoted.map((partition) => [partition, isNew ? (ends.get(partition)?.low ?? 0n) - 1n : -1n])),
      );
    }
    const positions = unnoted.length > 0 ? await places.read() : before;
    for (const at of assignment.partitions) {
      const end = ends.get(at.partition);
      if (end === undefined) {
        const place = positions.get(at.partition);
        if (place !== undefined) seek(at, place < 0n ? 0n : place);
        continue;
      }
      let position = positions.get(at.partition) ?? -1n;
      if (position >= end.high) throw new FatalError(recreatedTopicMessage(at, position, owner));
      if (end.low > position + 1n && (await places.skip(at, position, end.low - 1n))) {
        onLost(at, Number(end.low - 1n - position));
        position = end.low - 1n;
      }
      known.note(at, position);
      const next = position + 1n;
      const offset = committed.get(at.partition);
      const start = position > end.low ? position : end.low;
      if (offset === next || (offset ?? end.low) === start) continue;
      seek(at, start);
      if (offset !== undefined && offset > next) onAhead(at, start, before.size === 0);
    }
  } finally {
    await admin.close();
  }
}

/** The offset behind the last record of a partition. Thrown: RetryableError while the broker cannot tell. */
export async function endOffset(kafka: KafkaConnection, topic: string, partition: number): Promise<bigint> {
  const admin = await kafka.admin();
  try {
    const end = (await admin.endOffsets(topic, { withoutLeaderless: true })).get(partition);
    if (end === undefined) throw new RetryableError(`The broker does not name the end of ${topic}/${partition}.`);
    return end.high;
  } finally {
    await admin.close();
  }
}
