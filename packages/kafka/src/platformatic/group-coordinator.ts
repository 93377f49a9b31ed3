import {
  heartbeatV4,
  joinGroupV7,
  leaveGroupV4,
  offsetCommitV8,
  offsetFetchV8,
  syncGroupV5,
  type Connection,
} from '@platformatic/kafka';
import { hasErrorType, isDenied, isHopeless, isOutage, isRejoinError } from '../connecting/error-kinds.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import type { MemberOptions } from '../consuming/group-member.ts';
import type { TopicPartition } from '../port.ts';
import { KafkaAnswer, responseOf } from './answers.ts';
import type { Cluster, Lane } from './cluster.ts';
import { waitOrAbort } from '@runlane/service-kit/wait-or-abort';
import {
  ASSIGNER,
  PROTOCOL_TYPE,
  assignRoundRobin,
  encodeAssignment,
  decodeAssignment,
  encodeSubscription,
} from './group-protocol.ts';

/** What a join has given: the generation and the partitions per topic, and how many partitions there were of each. */
export type Joined = {
  generationId: number;
  assignment: Record<string, number[]>;
  partitionCounts: Map<string, number>;
};

/** The group as one member sees it. */
export type GroupCoordinator = {
  /** Joins, or joins again as the same member. Thrown: what the broker answers, such as REBALANCE_IN_PROGRESS. */
  join(): Promise<Joined>;
  heartbeat(generationId: number): Promise<void>;
  /** `offset` is the next one to read. The broker refuses it when the group has gone on to another generation. */
  commit(generationId: number, partition: TopicPartition, offset: bigint): Promise<void>;
  /** The next offset to read of each partition, by `topic/partition`; partitions without a commit are absent. */
  committed(partitions: readonly TopicPartition[]): Promise<Map<string, bigint>>;
  /** Leaves the group, when the member has ever been known to it. */
  leave(): Promise<void>;
};

/**
 * Purpose   Speaks the classic protocol of consumer groups: the library's own consumer joins again by itself when a commit is refused,
 *           and then commits under the new generation what was read under the old one, for partitions that others may own.
 * G-I1      Every commit and heartbeat carries the generation that it belongs to, so that the broker refuses those of an
 *           earlier one.
 * G-I2      A coordinator that is away or moves is looked for again, for as long as a session lasts: the broker forgets the
 *           member after that. Once `stop` has aborted it is not looked for again.
 */
export function createGroupCoordinator(
  cluster: Cluster,
  context: ConnectionContext,
  { group, topics, tuning }: MemberOptions,
  stop: AbortSignal,
): GroupCoordinator {
  let memberId = '';
  let node: number | null = null;

  async function ask<T>(lane: Lane, send: (connection: Connection) => Promise<T>, timeoutMs?: number): Promise<T> {
    const endsAt = performance.now() + tuning.sessionTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        node ??= await cluster.coordinatorOf(group);
        return await cluster.ask(node, lane, send, timeoutMs);
      } catch (error) {
        const waitMs = Math.min(context.tuning.reconnectInitialMs * 2 ** attempt, context.tuning.reconnectMaxMs);
        const mayHeal = isOutage(error) && !isRejoinError(error) && !isDenied(error) && !isHopeless(error);
        if (!mayHeal || stop.aborted || performance.now() + waitMs > endsAt) throw error;
        node = null;
        context.outages.warn({ group, err: error }, 'consumer.coordinator_away: its coordinator is looked for again');
        await waitOrAbort(waitMs, stop);
      }
    }
  }

  async function requestJoin(): Promise<joinGroupV7.JoinGroupResponse> {
    const protocols = [{ name: ASSIGNER, metadata: encodeSubscription(topics) }];
    const send = (connection: Connection) =>
      joinGroupV7.api.async(
        connection,
        group,
        tuning.sessionTimeoutMs,
        tuning.rebalanceTimeoutMs,
        memberId,
        null,
        PROTOCOL_TYPE,
        protocols,
      );
    // The broker holds it until all members have joined.
    const timeoutMs = tuning.rebalanceTimeoutMs + context.tuning.requestTimeoutMs;
    try {
      return await ask('joining', send, timeoutMs);
    } catch (error) {
      const given = responseOf<joinGroupV7.JoinGroupResponse>(error)?.memberId;
      if (given !== undefined && given !== '' && hasErrorType(error, 'MEMBER_ID_REQUIRED')) {
        memberId = given;
        return await ask('joining', send, timeoutMs);
      }
      throw error;
    }
  }

  async function assignmentsFor(
    members: readonly joinGroupV7.JoinGroupResponseMember[],
    partitionCounts: Map<string, number>,
  ): Promise<syncGroupV5.SyncGroupRequestAssignment[]> {
    const assigned = assignRoundRobin(
      members.map((member) => member.memberId),
      partitionCounts,
    );
    return [...assigned].map(([id, partitions]) => ({ memberId: id, assignment: encodeAssignment(partitions) }));
  }

  return {
    join: async () => {
      try {
        const layout = await cluster.layoutOf(topics);
        const missing = topics.filter((topic) => !layout.has(topic));
        if (missing.length > 0) throw new KafkaAnswer(UNKNOWN_TOPIC, `topics ${missing.join(', ')}`);
        const partitionCounts = new Map(topics.map((topic) => [topic, layout.get(topic)?.length ?? 0]));
        if (stop.aborted) throw stop.reason;
        const joined = await requestJoin();
        memberId = joined.memberId;
        const isLeader = joined.leader === memberId;
        const assignments = isLeader ? await assignmentsFor(joined.members, partitionCounts) : [];
        const { generationId } = joined;
        const { assignment } = await ask(
          'joining',
          (connection) =>
            syncGroupV5.api.async(
              connection,
              group,
              generationId,
              memberId,
              null,
              PROTOCOL_TYPE,
              ASSIGNER,
              assignments,
            ),
          tuning.rebalanceTimeoutMs + context.tuning.requestTimeoutMs,
        );
        return { generationId, assignment: decodeAssignment(assignment), partitionCounts };
      } catch (error) {
        // The group knows it no longer: it joins as another one.
        if (hasErrorType(error, 'UNKNOWN_MEMBER_ID')) memberId = '';
        throw error;
      } finally {
        cluster.cutLane('joining');
      }
    },
    heartbeat: async (generationId) => {
      try {
        await ask('group', (connection) => heartbeatV4.api.async(connection, group, generationId, memberId, null));
      } catch (error) {
        if (hasErrorType(error, 'UNKNOWN_MEMBER_ID')) memberId = '';
        throw error;
      }
    },
    commit: async (generationId, { topic, partition }, offset) => {
      const partitions = [
        { partitionIndex: partition, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' },
      ];
      await ask('group', (connection) =>
        offsetCommitV8.api.async(connection, group, generationId, memberId, null, [{ name: topic, partitions }]),
      );
    },
    committed: async (partitions) => {
      const wanted = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
        name,
        partitionIndexes: ofTopic.map(({ partition }) => partition),
      }));
      const { groups } = await ask('group', (connection) =>
        offsetFetchV8.api.async(connection, [{ groupId: group, memberEpoch: -1, topics: wanted }], false),
      );
      return committedOffsetsOf(groups);
    },
    leave: async () => {
      if (memberId === '') return;
      const members = [{ memberId, groupInstanceId: null }];
      await ask('group', (connection) => leaveGroupV4.api.async(connection, group, members));
      memberId = '';
    },
  };
}

const UNKNOWN_TOPIC = 3;

/** By `topic/partition`; a negative offset stands for "no commit". */
export function committedOffsetsOf(groups: readonly offsetFetchV8.OffsetFetchResponseGroup[]): Map<string, bigint> {
  const offsets = new Map<string, bigint>();
  for (const { name, partitions } of groups.flatMap(({ topics }) => topics)) {
    for (const { partitionIndex, committedOffset } of partitions) {
      if (committedOffset >= 0n) offsets.set(`${name}/${partitionIndex}`, committedOffset);
    }
  }
  return offsets;
}
