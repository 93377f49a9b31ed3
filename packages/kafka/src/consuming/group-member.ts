import type { FatalError } from '@runlane/service-kit/errors';
import type { Assignment, ConsumerOptions, ConsumerTuning, Seek, TopicPartition } from '../port.ts';
import type { PartitionPauses } from './partition-pauses.ts';

/** How a member ended. `crashed` may be followed by another member, `fatal` must not. */
export type MemberEnd = { kind: 'left' } | { kind: 'crashed'; error: unknown } | { kind: 'fatal'; error: FatalError };

/** What the member tells its owner while it lives. */
export type MemberEvents = {
  /** Numbers the joins of all members in turn. */
  nextGeneration: () => number;
  joined: (assignment: Assignment) => void;
  rebalancing: () => void;
  heartbeat: () => void;
  /** A broker answered a fetch without an error. */
  fetched: () => void;
  batchFinished: () => void;
  prepare: (assignment: Assignment, signal: AbortSignal, seek: Seek) => Promise<void>;
};

/** One member of a consumer group, from its first connection to its last. */
export type GroupMember = {
  readonly ended: Promise<MemberEnd>;
  /** Leaves the group once running handlers have returned and a join under way is through (K7). */
  leave(): void;
  /** Cuts the sockets; after that nothing of it can reach a broker. */
  kill(): void;
  /** The same for a member that another one has to follow. */
  giveUp(error: Error): void;
  fail(error: FatalError): void;
  /** See `RecordConsumer.commit`. */
  commit(partition: TopicPartition, through: bigint, generation: number): Promise<void>;
};

/**
 * The handle of a member, out of what a library does of its own.
 *
 * @param leave asks it to end in this way once it may leave the group; the first such wish counts
 * @param end ends it now, in this way
 */
export function memberHandle(
  { ended, commit }: Pick<GroupMember, 'ended' | 'commit'>,
  leave: (how: MemberEnd) => void,
  end: (how: MemberEnd) => void,
): GroupMember {
  return {
    ended,
    leave: () => leave({ kind: 'left' }),
    kill: () => end({ kind: 'left' }),
    giveUp: (error) => end({ kind: 'crashed', error }),
    fail: (error) => leave({ kind: 'fatal', error }),
    commit,
  };
}

/** The options of a consumer with every default in its place. */
export type MemberOptions = ConsumerOptions & { tuning: ConsumerTuning; partitionsInParallel: number };

/** Starts a member with connections of its own. */
export type StartMember = (options: MemberOptions, pauses: PartitionPauses, events: MemberEvents) => GroupMember;
