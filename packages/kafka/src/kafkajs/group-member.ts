import type { FatalError } from '@runlane/service-kit/errors';
import { RetryableError } from '@runlane/service-kit/errors';
import type { Consumer } from 'kafkajs';
import type { Assignment, ConsumerOptions, ConsumerTuning, Seek, TopicPartition } from '../port.ts';
import { createEpoch, type AssignmentEpoch } from './assignment-epoch.ts';
import { createBatchRunner, watchRejoin } from './batch-runner.ts';
import type { ClientFactory } from './client.ts';
import { toPortError } from './error-kinds.ts';
import type { FetchControl, PartitionPauses } from './partition-pauses.ts';

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
 * Purpose   One kafkajs consumer, from its first connection to its last.
 * Owns      The consumer, its sockets and its current assignment.
 * States    joining ──group_join──▶ joined ──rebalancing──▶ joining      any ──▶ ended, exactly once
 * M-I1      kafkajs never restarts itself: a consumer in its restart delay forgets a disconnect() (K7). The owner
 *           starts another member instead, with a new client.
 * M-I2      disconnect() is called only when run() has settled, since before that kafkajs forgets it as well.
 */
export function startGroupMember(
  factory: ClientFactory,
  options: ConsumerOptions & { tuning: ConsumerTuning; partitionsInParallel: number },
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

  const eachBatch = createBatchRunner({
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
        eachBatch,
      });
    } catch (error) {
      end({ kind: 'crashed', error });
    }
  }

  async function commit(partition: TopicPartition, through: bigint, generation: number): Promise<void> {
    const current = epoch;
    const name = `${partition.topic}/${partition.partition}`;
    // kafkajs would take it, and the group would read past what the partition's new owner has not seen (K3).
    if (current === null || current.assignment.generation !== generation || !current.owns(partition)) {
      throw new RetryableError(`${name} has been assigned anew since the record was read; it is delivered again`);
    }
    if (current.signal.aborted) throw current.signal.reason;
    try {
      await watchRejoin(current, () => consumer.commitOffsets([{ ...partition, offset: String(through + 1n) }]));
    } catch (error) {
      throw toPortError(error, `committing offset ${through} of ${name} failed`);
    }
  }

  const running = run();
  return {
    ended: ended.promise,
    leave: () => leave({ kind: 'left' }),
    kill: () => end({ kind: 'left' }),
    giveUp: (error) => end({ kind: 'crashed', error }),
    fail: (error) => leave({ kind: 'fatal', error }),
    commit,
  };
}
