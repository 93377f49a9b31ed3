import { FetchIsolationLevels, listOffsetsV7 } from '@platformatic/kafka';
import { isOutage } from '../connecting/error-kinds.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import type { MemberOptions } from '../consuming/group-member.ts';
import { KafkaAnswer, errorType } from './answers.ts';
import type { Cluster } from './cluster.ts';
import { fetchRaw, type FetchAnswer, type FetchedPartition } from './fetch-raw.ts';
import { waitOrAbort } from '@runlane/service-kit/wait-or-abort';
import type { PartitionState } from './partition-state.ts';
import { decodeRecordBatches } from './record-batches.ts';

const EARLIEST = -2n;
const ANY_REPLICA = -1;
/** A fetch without a session: it names all of its partitions. */
const NO_SESSION = { id: 0, epoch: -1 };
/**
 * How long the broker may hold a fetch at first while handlers work on other partitions, in milliseconds: a fetch cannot be called
 * back, and what comes after their records would wait for it. Doubled with each that brings nothing.
 */
const SHORT_WAIT_MS = 5;
/** How often a partition without a leader is looked at again, in milliseconds. */
const LEADERLESS_PAUSE_MS = 1_000;

/** Errors after which another broker, or another leader epoch, has the partition. */
const MOVED = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
]);

export type FetcherOptions = {
  cluster: Cluster;
  context: ConnectionContext;
  member: MemberOptions;
  states: ReadonlyMap<string, PartitionState>;
  signal: AbortSignal;
  isPaused(state: PartitionState): boolean;
  /** Records, or the news that there are none, are ready for a handler. */
  arrived(state: PartitionState): void;
  /** A broker answered a fetch without an error. */
  fetched(): void;
};

export type PartitionFetcher = {
  /** Settles when the signal has aborted. Rejects with an error that the member cannot go on after. */
  run(): Promise<void>;
  /** Something may be fetched that could not be fetched before. */
  wake(): void;
};

/**
 * Purpose   Reads the partitions of one assignment, with one fetch under way at every broker that leads some of them.
 * F-I1      At most one answer per partition waits for its handler: what is fetched next begins behind it, once it is handled.
 * F-I2      A broker that does not answer holds up its own partitions only.
 */
export function createPartitionFetcher(options: FetcherOptions): PartitionFetcher {
  const { cluster, context, states, signal } = options;
  const { topics, tuning } = options.member;
  const loops = new Map<number, Promise<void>>();
  const failed = Promise.withResolvers<never>();
  // run() has it; when the assignment is over before, nobody needs it.
  failed.promise.catch(() => undefined);
  let woken = Promise.withResolvers<void>();
  let turn = 0;

  function wake(): void {
    woken.resolve();
    woken = Promise.withResolvers();
  }

  /** Learns who leads the partitions, and starts a loop for each broker that has none. */
  async function locate(): Promise<void> {
    const layout = await cluster.layoutOf(topics);
    for (const state of states.values()) {
      state.leader = layout.get(state.topic)?.[state.partition]?.leaderId ?? -1;
    }
    for (const leader of new Set([...states.values()].map((state) => state.leader))) {
      if (leader < 0 || loops.has(leader)) continue;
      const loop = readFrom(leader).finally(() => loops.delete(leader));
      loop.catch((error: unknown) => failed.reject(error));
      loops.set(leader, loop);
    }
    wake();
  }

  async function readFrom(node: number): Promise<void> {
    let failures = 0;
    let emptyInARow = 0;
    while (!signal.aborted) {
      const led = [...states.values()].filter(({ leader }) => leader === node);
      if (led.length === 0) return;
      const wanted = led.filter((state) => state.fetched === null && !state.isHandled && !options.isPaused(state));
      if (wanted.length === 0) {
        await woken.promise;
        continue;
      }
      try {
        await findPositions(node, wanted);
        const isSomeHeld = led.some((state) => state.isHandled);
        const waitMs = isSomeHeld ? SHORT_WAIT_MS * 2 ** emptyInARow : tuning.maxWaitTimeMs;
        const hasRecords = await fetchOnce(node, wanted, Math.min(waitMs, tuning.maxWaitTimeMs));
        emptyInARow = hasRecords || !isSomeHeld ? 0 : emptyInARow + 1;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!isOutage(error) && !hasMoved(error)) throw error;
        const waitMs = Math.min(context.tuning.reconnectInitialMs * 2 ** failures, context.tuning.reconnectMaxMs);
        failures += 1;
        context.outages.warn(
          { node, err: error },
          'consumer.not_fetched: its broker is away, or leads other partitions',
        );
        await waitOrAbort(waitMs, signal);
        await locateStubbornly();
      }
    }
  }

  async function locateStubbornly(): Promise<void> {
    try {
      await locate();
    } catch (error) {
      if (!isOutage(error)) throw error;
      context.logger.debug({ err: error }, 'consumer.not_located: the next failed fetch asks again');
    }
  }

  /** Where the group has committed nothing, it begins with the oldest record. */
  async function findPositions(node: number, wanted: readonly PartitionState[]): Promise<void> {
    const unknown = wanted.filter(({ position }) => position === null);
    if (unknown.length === 0) return;
    const asked = [...Map.groupBy(unknown, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: EARLIEST,
      })),
    }));
    const answer = await cluster.ask(node, 'fetching', (connection) =>
      listOffsetsV7.api.async(connection, ANY_REPLICA, FetchIsolationLevels.READ_COMMITTED, asked),
    );
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, offset } of partitions) {
        const state = states.get(`${name}/${partitionIndex}`);
        if (state?.position === null) state.moveTo(offset);
      }
    }
  }

  async function fetchOnce(node: number, wanted: readonly PartitionState[], maxWaitMs: number): Promise<boolean> {
    const sent = new Map<PartitionState, bigint>();
    for (const state of wanted.toSorted((one, other) => one.lastTurn - other.lastTurn)) {
      if (state.position !== null) sent.set(state, state.position);
    }
    const asked = [...Map.groupBy(sent, ([{ topic }]) => topic)].map(([topicId, ofTopic]) => ({
      topicId,
      partitions: ofTopic.map(([{ partition }, fetchOffset]) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: tuning.maxBytesPerPartition,
      })),
    }));
    const answer = await cluster.ask<FetchAnswer>(node, 'fetching', (connection) =>
      fetchRaw.async(
        connection,
        maxWaitMs,
        1,
        tuning.maxBytes,
        FetchIsolationLevels.READ_COMMITTED,
        NO_SESSION.id,
        NO_SESSION.epoch,
        asked,
        [],
        '',
      ),
    );
    if (answer.errorCode !== 0) throw new KafkaAnswer(answer.errorCode, 'fetching');
    await takeIn(answer.partitions, sent);
    return answer.partitions.some(({ bytes }) => bytes.length > 0);
  }

  /** An error of one partition is thrown when the others have been taken in. */
  async function takeIn(
    partitions: readonly FetchedPartition[],
    sent: ReadonlyMap<PartitionState, bigint>,
  ): Promise<void> {
    turn += 1;
    let problem: KafkaAnswer | null = null;
    for (const answer of partitions) {
      const state = states.get(`${answer.topic}/${answer.partition}`);
      const fromOffset = state === undefined ? undefined : sent.get(state);
      if (state === undefined || fromOffset === undefined) continue;
      if (errorType(answer.errorCode) === 'OFFSET_OUT_OF_RANGE') {
        // What was there is deleted, or the topic is another one of the same name.
        if (state.position === fromOffset) state.position = null;
      } else if (answer.errorCode !== 0) {
        problem ??= new KafkaAnswer(answer.errorCode, `fetching ${state.key}`);
      } else {
        await keep(state, fromOffset, answer);
      }
    }
    if (problem !== null) throw problem;
    options.fetched();
  }

  async function keep(state: PartitionState, fromOffset: bigint, answer: FetchedPartition): Promise<void> {
    if (answer.bytes.length === 0) return;
    const decoded = await decodeRecordBatches(
      answer.bytes,
      { topic: state.topic, partition: state.partition },
      { fromOffset, aborted: answer.aborted },
    );
    // A seek has come in between, or the assignment is over.
    if (state.position !== fromOffset || signal.aborted || decoded.nextOffset === fromOffset) return;
    const { highWatermark, logStartOffset } = answer;
    state.fetched = { ...decoded, highWatermark, lowWatermark: logStartOffset > 0n ? logStartOffset : 0n };
    state.lastTurn = turn;
    options.arrived(state);
  }

  async function watchLeaderless(): Promise<void> {
    while (!signal.aborted) {
      await waitOrAbort(LEADERLESS_PAUSE_MS, signal);
      if ([...states.values()].some(({ leader }) => leader < 0 || !loops.has(leader))) await locateStubbornly();
    }
  }

  return {
    run: async () => {
      signal.addEventListener('abort', wake, { once: true });
      if (signal.aborted || states.size === 0) return;
      await locateStubbornly();
      await Promise.race([watchLeaderless(), failed.promise]);
      await Promise.allSettled(loops.values());
    },
    wake,
  };
}

function hasMoved(error: unknown): boolean {
  return error instanceof KafkaAnswer && MOVED.has(error.type);
}
