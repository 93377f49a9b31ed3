import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { PoisonError } from '../errors.ts';
import type { BatchHandler, KafkaLogger, PartitionBatch, TopicPartition } from '../port.ts';
import type { AssignmentEpoch } from './assignment-epoch.ts';
import { isRejoinError } from '../connecting/error-kinds.ts';
import type { PartitionPauses } from './partition-pauses.ts';

/** How long a batch waits for `onAssigned` before it is put back, so that heartbeats go on. */
const READY_WAIT_MS = 1_000;

export type BatchRunnerOptions = {
  handle: BatchHandler;
  pauses: PartitionPauses;
  logger: KafkaLogger;
  /** The member's assignment now; null before its first join. */
  epoch(): AssignmentEpoch | null;
  isLeaving(): boolean;
  /** A handler under way is kept alive this often, for at most `patienceMs`. Milliseconds. */
  heartbeatIntervalMs: number;
  patienceMs: number;
  /** The member can never continue. */
  fail(error: FatalError): void;
};

/** A batch of records in the hands of the library that has fetched it. */
export type FetchedBatch = TopicPartition & {
  decode(): PartitionBatch;
  /** False when the library no longer wants it handled: the member stops, or reads the partition from elsewhere. */
  isCurrent(): boolean;
  /** Sends a heartbeat when one is due. */
  heartbeat(): Promise<void>;
  /** Commits the partition through an offset of the batch, and reads on behind it. */
  commit(through: bigint): Promise<void>;
  /** Reads on behind an offset of the batch, and commits nothing. */
  readOn(through: bigint): void;
};

/** The result of one call of the handler. */
type Outcome =
  | { kind: 'done'; commitThrough: bigint }
  | { kind: 'read'; readThrough: bigint }
  | { kind: 'nothing' }
  | { kind: 'failed'; error: unknown };

/**
 * Purpose   Stands between the library and the handler: one fetched batch in, one commit out.
 * B-I1      An offset is committed only after the handler returned it, inside this call, and only while the assignment
 *           is the one the batch was fetched under: kafkajs accepts it for partitions long lost (K3).
 * B-I2      Only errors of the library itself leave this function. It reads them as "join again" or "try again"; kafkajs
 *           would stop all partitions for an error of the handler, and the whole consumer for a TypeError (K5, K6).
 * B-I3      A batch that is put back is delivered again from its first uncommitted record: the library goes on
 *           from the last offset that it was told.
 * B-I4 A member stays in the group while its handler waits, for example for a lock, although kafkajs sends
 *           heartbeats between handlers only. After `patienceMs` it is removed, because a handler that never returns would keep its
 *           partitions for ever.
 */
export function createBatchRunner(options: BatchRunnerOptions): (fetched: FetchedBatch) => Promise<void> {
  const { pauses, logger } = options;

  return async (fetched) => {
    const epoch = options.epoch();
    const partition = { topic: fetched.topic, partition: fetched.partition };
    const isWelcome = (): boolean =>
      epoch === options.epoch() &&
      epoch?.signal.aborted === false &&
      fetched.isCurrent() &&
      !options.isLeaving() &&
      !pauses.isPaused(partition);
    if (epoch === null || !epoch.owns(partition) || !isWelcome()) return;
    if (!(await isReady(epoch)) || !isWelcome()) return;

    const told = new Set<unknown>();
    const keepAlive = async (): Promise<void> => {
      try {
        await watchRejoin(epoch, () => fetched.heartbeat());
      } catch (error) {
        told.add(error);
        throw error;
      }
    };
    const batch = fetched.decode();
    const context = { signal: epoch.signal, generation: epoch.assignment.generation, keepAlive };
    const endBeating = beatWhile(keepAlive, options);
    const outcome = await callHandler(options.handle, batch, context);
    endBeating();

    if (epoch !== options.epoch()) {
      logger.debug(partition, 'batch.outdated: the group has rebalanced, so its result is not committed');
      return;
    }
    if (outcome.kind === 'done') await watchRejoin(epoch, () => fetched.commit(outcome.commitThrough));
    if (outcome.kind === 'read') fetched.readOn(outcome.readThrough);
    if (outcome.kind === 'failed' && told.has(outcome.error)) throw outcome.error;
    applyOutcome(partition, outcome, epoch);
  };

  function applyOutcome(partition: TopicPartition, outcome: Outcome, epoch: AssignmentEpoch): void {
    switch (outcome.kind) {
      case 'done':
      case 'read':
        pauses.succeeded(partition);
        return;
      case 'nothing':
        // Without a wait the same batch would be delivered again immediately, without end.
        if (!epoch.signal.aborted) pauses.backOff(partition);
        return;
      case 'failed':
        if (outcome.error instanceof FatalError) options.fail(outcome.error);
        else if (epoch.signal.aborted) logger.debug({ ...partition, err: outcome.error }, 'handler.aborted');
        else putBack(partition, outcome.error);
        return;
    }
  }

  function putBack(partition: TopicPartition, error: unknown): void {
    const waitMs = pauses.backOff(partition);
    const fields = { ...partition, wait_ms: waitMs, err: error };
    if (error instanceof RetryableError) {
      logger.warn(fields, 'partition.paused: its batch could not be handled and will be delivered again');
    } else if (error instanceof PoisonError) {
      logger.error(fields, 'partition.paused: the handler did not dead-letter a poison record');
    } else {
      logger.error(fields, 'partition.paused: the handler failed with an error it should have classified');
    }
  }
}

async function callHandler(
  handle: BatchHandler,
  batch: PartitionBatch,
  context: Parameters<BatchHandler>[1],
): Promise<Outcome> {
  try {
    const result = await handle(batch, context);
    if (result === null) return { kind: 'nothing' };
    const first = batch.records[0]?.offset ?? 0n;
    const last = batch.records.at(-1)?.offset ?? -1n;
    const through = 'commitThrough' in result ? result.commitThrough : result.readThrough;
    if (through < first || through > last) {
      throw new RangeError(
        `the handler returned ${Object.keys(result).join()} ${through} for offsets ${first} to ${last}; ` +
          'return the offset of the last record done, or null',
      );
    }
    return 'commitThrough' in result ? { kind: 'done', ...result } : { kind: 'read', ...result };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** Sends heartbeats until the returned function is called. */
function beatWhile(
  beat: () => Promise<void>,
  {
    heartbeatIntervalMs,
    patienceMs,
    logger,
  }: Pick<BatchRunnerOptions, 'heartbeatIntervalMs' | 'patienceMs' | 'logger'>,
): () => void {
  const endsAt = performance.now() + patienceMs;
  const timer = setInterval(() => {
    if (performance.now() > endsAt) clearInterval(timer);
    // The handler learns about the group from its signal, and the library from the commit.
    else
      beat().catch((error: unknown) =>
        logger.debug({ err: error }, 'heartbeat.failed: a handler goes on in the meantime'),
      );
  }, heartbeatIntervalMs);
  return () => clearInterval(timer);
}

/**
 * Runs a request to the coordinator; when it answers that the group must be joined again, the epoch ends. A handler
 * that swallows the error keeps nobody from joining: the library is told again right after the batch (K2).
 */
export async function watchRejoin(epoch: AssignmentEpoch, request: () => Promise<void>): Promise<void> {
  try {
    await request();
  } catch (error) {
    if (isRejoinError(error)) epoch.end('the group rebalances; uncommitted records are delivered again', error);
    throw error;
  }
}

async function isReady(epoch: AssignmentEpoch): Promise<boolean> {
  const timeout = Promise.withResolvers<false>();
  const timer = setTimeout(() => timeout.resolve(false), READY_WAIT_MS);
  try {
    return await Promise.race([epoch.ready.then(() => true), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
