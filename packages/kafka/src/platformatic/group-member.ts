import { isRejoinError, toPortError } from '../connecting/error-kinds.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import { assertOwned, createEpoch, type AssignmentEpoch } from '../consuming/assignment-epoch.ts';
import { createBatchRunner, watchRejoin, type FetchedBatch } from '../consuming/batch-runner.ts';
import { memberHandle } from '../consuming/group-member.ts';
import type { GroupMember, MemberEnd, MemberEvents, MemberOptions } from '../consuming/group-member.ts';
import type { PartitionPauses } from '../consuming/partition-pauses.ts';
import type { KafkaOptions, Seek, TopicPartition } from '../port.ts';
import { createCluster } from './cluster.ts';
import { createGroupCoordinator, type Joined } from './group-coordinator.ts';
import { createPartitionFetcher, type PartitionFetcher } from './partition-fetcher.ts';
import { waitOrAbort } from '@runlane/service-kit/wait-or-abort';
import { PartitionState, type Fetched } from './partition-state.ts';

/** One assignment: what this member knows between two joins. */
type Session = {
  generationId: number;
  epoch: AssignmentEpoch;
  states: ReadonlyMap<string, PartitionState>;
  fetcher: PartitionFetcher;
};

/**
 * Purpose   One member of a group on the library's requests, from its first connection to its last.
 * Owns      The connections, the current assignment and the handlers under way.
 * States    joining ──joined──▶ reading ──rebalance──▶ joining      any ──▶ ended, exactly once
 * M-I1      It joins again only when its handlers have returned: they commit under the generation they read in (K1).
 * M-I2      A heartbeat is sent on a clock of its own, on a connection where nothing else is held back.
 * M-I3      It leaves the group only when a join under way is through, since the group would keep the place for it.
 */
export function startGroupMember(
  kafka: KafkaOptions,
  context: ConnectionContext,
  options: MemberOptions,
  pauses: PartitionPauses,
  events: MemberEvents,
): GroupMember {
  const { tuning } = options;
  const stop = new AbortController();
  const cluster = createCluster(kafka, context);
  const coordinator = createGroupCoordinator(cluster, context, options, stop.signal);
  const ended = Promise.withResolvers<MemberEnd>();
  const running = new Set<Promise<void>>();
  let session: Session | null = null;
  let leaving: MemberEnd | null = null;
  let hasEnded = false;
  let beating: Promise<void> | null = null;
  let lastBeatAt = 0;

  function end(how: MemberEnd): void {
    if (hasEnded) return;
    hasEnded = true;
    stop.abort();
    session?.epoch.end('the member of the consumer group has ended');
    pauses.left();
    cluster.cut();
    ended.resolve(how);
  }

  function leave(how: MemberEnd): void {
    leaving ??= how;
    stop.abort();
    session?.epoch.end('the consumer is draining');
  }

  /**
   * Sends a heartbeat when one is due; who asks in the meantime shares it. It goes on when the group rebalances, since a handler
   * that still works would otherwise lose the membership.
   */
  function heartbeat(of: Session): Promise<void> {
    if (beating !== null) return beating;
    if (performance.now() - lastBeatAt < tuning.heartbeatIntervalMs) {
      const { signal } = of.epoch;
      return signal.aborted && leaving === null ? Promise.reject(signal.reason) : Promise.resolve();
    }
    lastBeatAt = performance.now();
    beating = coordinator
      .heartbeat(of.generationId)
      .then(events.heartbeat)
      .finally(() => {
        beating = null;
      });
    return beating;
  }

  async function run(): Promise<void> {
    try {
      while (leaving === null && !hasEnded) {
        const joined = await joinOnce();
        if (joined === null) {
          events.rebalancing();
          continue;
        }
        await read(joined);
      }
      await coordinator.leave();
      end(leaving ?? { kind: 'left' });
    } catch (error) {
      if (leaving === null) end({ kind: 'crashed', error });
      else {
        context.logger.debug({ err: error }, 'consumer.not_left: its sockets are cut');
        end(leaving);
      }
    }
  }

  /** Null when the group has begun another round in the meantime. */
  async function joinOnce(): Promise<Joined | null> {
    try {
      return await coordinator.join();
    } catch (error) {
      if (isRejoinError(error) && !hasEnded) return null;
      throw error;
    }
  }

  /** Reads until the assignment is over and its handlers have returned. */
  async function read(joined: Joined): Promise<void> {
    if (leaving !== null) return;
    const current = open(joined);
    session = current;
    lastBeatAt = performance.now();
    pauses.joined({ pause: () => undefined, resume: () => pump(current) });
    events.joined(current.epoch.assignment);
    const { signal } = current.epoch;
    try {
      await Promise.all([beatOnAClock(current), watchLayout(current, joined), fetch(current)]);
    } catch (error) {
      current.epoch.end('the member cannot go on', error);
      if (!isRejoinError(error)) throw error;
    } finally {
      if (!signal.aborted) current.epoch.end('the member has ended');
      cluster.cutLane('fetching');
      if (leaving === null && !hasEnded) events.rebalancing();
      await Promise.allSettled(running);
    }
  }

  function open({ generationId, assignment }: Joined): Session {
    const states = new Map<string, PartitionState>();
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) {
        const state = new PartitionState({ topic, partition });
        states.set(state.key, state);
      }
    }
    const seek: Seek = ({ topic, partition }, offset) => states.get(`${topic}/${partition}`)?.moveTo(offset);
    const epoch = createEpoch(events.nextGeneration(), assignment, (given, signal) =>
      events.prepare(given, signal, seek),
    );
    const fetcher = createPartitionFetcher({
      cluster,
      context,
      member: options,
      states,
      signal: epoch.signal,
      isPaused: (state) => pauses.isPaused(state),
      arrived: () => pump(opened),
      fetched: events.fetched,
    });
    const opened: Session = { generationId, epoch, states, fetcher };
    return opened;
  }

  async function fetch({ epoch, states, fetcher }: Session): Promise<void> {
    const committed = await coordinator.committed([...states.values()]);
    await epoch.ready;
    for (const state of states.values()) {
      state.committed = committed.get(state.key) ?? null;
      if (state.position === null && state.committed !== null) state.moveTo(state.committed);
    }
    await fetcher.run();
  }

  async function beatOnAClock(current: Session): Promise<void> {
    const { epoch } = current;
    while (!epoch.signal.aborted) {
      await waitOrAbort(tuning.heartbeatIntervalMs, epoch.signal);
      if (!epoch.signal.aborted) await watchRejoin(epoch, () => heartbeat(current));
    }
  }

  /** Topics that have got more partitions are shared out anew. */
  async function watchLayout({ epoch }: Session, { partitionCounts }: Joined): Promise<void> {
    while (!epoch.signal.aborted) {
      await waitOrAbort(context.tuning.metadataMaxAgeMs, epoch.signal);
      if (epoch.signal.aborted) return;
      try {
        const layout = await cluster.layoutOf(options.topics);
        const hasGrown = [...partitionCounts].some(([topic, count]) => (layout.get(topic)?.length ?? count) > count);
        if (hasGrown) epoch.end('a topic has got more partitions');
      } catch (error) {
        context.logger.debug({ err: error }, 'consumer.not_located: it asks again later');
      }
    }
  }

  /** Gives handlers what has arrived, as many at once as they may be. */
  function pump(current: Session): void {
    if (current !== session || current.epoch.signal.aborted) return;
    for (const state of [...current.states.values()].toSorted((one, other) => one.lastTurn - other.lastTurn)) {
      if (running.size >= options.partitionsInParallel) break;
      const { fetched } = state;
      if (fetched === null || state.isHandled || pauses.isPaused(state)) continue;
      state.isHandled = true;
      const work: Promise<void> = handle(current, state, fetched).finally(() => {
        state.isHandled = false;
        state.fetched = null;
        running.delete(work);
        pump(current);
        current.fetcher.wake();
      });
      running.add(work);
    }
    current.fetcher.wake();
  }

  async function handle(current: Session, state: PartitionState, fetched: Fetched): Promise<void> {
    try {
      if (fetched.records.length === 0) await passEmpty(current, state, fetched);
      else await runBatch(toBatch(current, state, fetched));
      events.batchFinished();
    } catch (error) {
      if (isRejoinError(error) || current.epoch.signal.aborted) return;
      end({ kind: 'crashed', error });
    }
  }

  /**
   * Marks and aborted records are behind everything once they are passed. They are committed only where the group has committed
   * everything before them: the rest belongs to handlers that commit themselves.
   */
  async function passEmpty(current: Session, state: PartitionState, { nextOffset }: Fetched): Promise<void> {
    const isNextToCommit = state.committed === state.position || (state.committed === null && state.position === 0n);
    if (isNextToCommit) await commitTo(current, state, nextOffset);
    state.moveTo(nextOffset);
  }

  async function commitTo({ epoch, generationId }: Session, state: PartitionState, offset: bigint): Promise<void> {
    await watchRejoin(epoch, () => coordinator.commit(generationId, state, offset));
    state.committed = offset;
  }

  function toBatch(current: Session, state: PartitionState, fetched: Fetched): FetchedBatch {
    return {
      topic: state.topic,
      partition: state.partition,
      decode: () => state.toBatch(fetched),
      isCurrent: () => current === session && state.fetched === fetched,
      heartbeat: () => heartbeat(current),
      commit: async (through) => {
        await commitTo(current, state, state.behind(through, fetched));
        state.handledThrough(through, fetched);
      },
      readOn: (through) => state.handledThrough(through, fetched),
    };
  }

  const runBatch = createBatchRunner({
    handle: options.handle,
    pauses,
    logger: context.logger,
    epoch: () => session?.epoch ?? null,
    isLeaving: () => leaving !== null || hasEnded,
    heartbeatIntervalMs: tuning.heartbeatIntervalMs,
    patienceMs: tuning.rebalanceTimeoutMs,
    fail: (error) => leave({ kind: 'fatal', error }),
  });

  async function commit(partition: TopicPartition, through: bigint, generation: number): Promise<void> {
    const current = session;
    const epoch = assertOwned(current?.epoch ?? null, partition, generation);
    const state = current?.states.get(`${partition.topic}/${partition.partition}`);
    try {
      await watchRejoin(epoch, () => coordinator.commit(current?.generationId ?? -1, partition, through + 1n));
      if (state !== undefined) state.committed = through + 1n;
    } catch (error) {
      throw toPortError(error, `committing offset ${through} of ${partition.topic}/${partition.partition} failed`);
    }
  }

  void run();
  return memberHandle({ ended: ended.promise, commit }, leave, end);
}
