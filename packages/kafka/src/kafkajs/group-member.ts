import type { Consumer, EachBatchPayload } from 'kafkajs';
import { assertOwned, createEpoch, type AssignmentEpoch } from '../consuming/assignment-epoch.ts';
import { createBatchRunner, watchRejoin, type FetchedBatch } from '../consuming/batch-runner.ts';
import { memberHandle } from '../consuming/group-member.ts';
import type { GroupMember, MemberEnd, MemberEvents, MemberOptions } from '../consuming/group-member.ts';
import type { FetchControl, PartitionPauses } from '../consuming/partition-pauses.ts';
import { toPortError } from '../connecting/error-kinds.ts';
import type { Seek, TopicPartition } from '../port.ts';
import type { ClientFactory } from './client.ts';
import { decodeBatch } from './decode-batch.ts';

/**
 * Purpose   One kafkajs consumer, from its first connection to its last.
 * Owns      The consumer, its sockets and its current assignment.
 * States    joining ──group_join──▶ joined ──rebalancing──▶ joining      any ──▶ ended, exactly once
 * M-I1      kafkajs never restarts itself: a consumer in its restart delay forgets a disconnect() (K7). The owner
 *           starts another member instead, with a new client.
 * M-I2      disconnect() is called only when run() has settled, since before that kafkajs forgets it as well.
 */
export function startGroupMember(
  factory: ClientFactory,
  options: MemberOptions,
  pauses: PartitionPauses,
  events: MemberEvents,
): GroupMember {
  const { kafka, gate } = factory.create();
  const consumer = createConsumer();
  const ended = Promise.withResolvers<MemberEnd>();
  let epoch: AssignmentEpoch | null = null;
  let leaving: Promise<void> | null = null;
  let hasEnded = false;

  function createConsumer(): Consumer {
    const { tuning } = options;
    return kafka.consumer({
      groupId: options.group,
      sessionTimeout: tuning.sessionTimeoutMs,
      rebalanceTimeout: tuning.rebalanceTimeoutMs,
      heartbeatInterval: tuning.heartbeatIntervalMs,
      maxBytesPerPartition: tuning.maxBytesPerPartition,
      maxBytes: tuning.maxBytes,
      minBytes: 1,
      maxWaitTimeInMs: tuning.maxWaitTimeMs,
      metadataMaxAge: factory.tuning.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      retry: { ...factory.retry, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  // A back-off may end while kafkajs takes the consumer down, and then it refuses both calls.
  const fetchControl: FetchControl = {
    pause: ({ topic, partition }) => ifRunning(() => consumer.pause([{ topic, partitions: [partition] }])),
    resume: ({ topic, partition }) => ifRunning(() => consumer.resume([{ topic, partitions: [partition] }])),
  };

  function ifRunning(action: () => void): void {
    try {
      action();
    } catch (error) {
      factory.logger.debug({ err: error }, 'consumer.not_paused: it is going down');
    }
  }

  // A batch that was fetched before the seek is stale, and the batch runner drops it.
  const seek: Seek = ({ topic, partition }, offset) =>
    ifRunning(() => consumer.seek({ topic, partition, offset: String(offset) }));

  function end(how: MemberEnd): void {
    if (hasEnded) return;
    hasEnded = true;
    epoch?.end('the member of the consumer group has ended');
    pauses.left();
    gate.close();
    ended.resolve(how);
  }

  function leave(how: MemberEnd): void {
    epoch?.end('the consumer is draining');
    leaving ??= disconnect(how);
  }

  async function disconnect(how: MemberEnd): Promise<void> {
    await running;
    try {
      if (!hasEnded) await consumer.disconnect();
    } catch (error) {
      factory.logger.debug({ err: error }, 'consumer.not_disconnected: its sockets are cut');
    }
    end(how);
  }

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    epoch?.end('the group has rebalanced');
    epoch = createEpoch(events.nextGeneration(), payload.memberAssignment, (assignment, signal) =>
      events.prepare(assignment, signal, seek),
    );
    consumer.resume(options.topics.map((topic) => ({ topic })));
    pauses.joined(fetchControl);
    events.joined(epoch.assignment);
  });
  consumer.on(consumer.events.REBALANCING, () => events.rebalancing());
  consumer.on(consumer.events.FETCH, () => events.fetched());
  consumer.on(consumer.events.HEARTBEAT, () => events.heartbeat());
  consumer.on(consumer.events.END_BATCH_PROCESS, () => events.batchFinished());
  // By now kafkajs has disconnected the consumer.
  consumer.on(consumer.events.CRASH, ({ payload }) => end({ kind: 'crashed', error: payload.error }));

  const runBatch = createBatchRunner({
    handle: options.handle,
    pauses,
    logger: factory.logger,
    epoch: () => epoch,
    isLeaving: () => leaving !== null || hasEnded,
    heartbeatIntervalMs: options.tuning.heartbeatIntervalMs,
    patienceMs: options.tuning.rebalanceTimeoutMs,
    fail: (error) => leave({ kind: 'fatal', error }),
  });

  /** Settles when the member has joined or ended. */
  async function run(): Promise<void> {
    try {
      await consumer.connect();
      if (leaving !== null) return;
      await consumer.subscribe({ topics: options.topics, fromBeginning: true });
      if (leaving !== null) return;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: options.partitionsInParallel,
        eachBatch: (payload) => runBatch(toFetched(payload)),
      });
    } catch (error) {
      end({ kind: 'crashed', error });
    }
  }

  async function commit(partition: TopicPartition, through: bigint, generation: number): Promise<void> {
    // kafkajs would take it, and the group would read past what the partition's new owner has not seen (K3).
    const current = assertOwned(epoch, partition, generation);
    try {
      await watchRejoin(current, () => consumer.commitOffsets([{ ...partition, offset: String(through + 1n) }]));
    } catch (error) {
      throw toPortError(error, `committing offset ${through} of ${partition.topic}/${partition.partition} failed`);
    }
  }

  const running = run();
  return memberHandle({ ended: ended.promise, commit }, leave, end);
}

function toFetched(payload: EachBatchPayload): FetchedBatch {
  return {
    topic: payload.batch.topic,
    partition: payload.batch.partition,
    decode: () => decodeBatch(payload.batch),
    isCurrent: () => payload.isRunning() && !payload.isStale(),
    heartbeat: () => payload.heartbeat(),
    commit: async (through) => {
      // For the batch's last record kafkajs also resolves the control records behind it, which no handler sees.
      payload.resolveOffset(String(through));
      // Without the argument this call does nothing (K8). It covers the other partitions' resolved offsets too, those of
      // batches that held nothing but control records included.
      await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
    },
    readOn: (through) => payload.resolveOffset(String(through)),
  };
}
