/**
 * Purpose   Keeps of each thread the checkpoints that it needs to go on, and deletes the others (RUNLANE_CHECKPOINT_RETENTION
 *           latest): once for all threads, and all the time for threads whose runs end.
 * I3, I8    A thread is pruned under its lock, and only while none of its runs is pending, running or scheduled. So nothing
 *           is deleted that an attempt or a rollback still needs. The end of its last run makes the thread due again.
 * I10       A thread that is too heavy for the database even in small parts is passed over, so that other threads are pruned.
 */
import { BatchLimit, OverrunError, Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

/**
 * How far the deployment's pruning has come. `walkedThrough`: the thread that the walk over all threads has reached; null
 * once the walk has ended. `outboxId`: the last event whose thread was looked at.
 */
export type PruningPlace = { walkedThrough: string | null; outboxId: bigint };

export interface CheckpointPruning {
  /**
   * The stored place, unless it is so old that later events may be deleted already. Otherwise the beginning of the walk, and
   * the place in the outbox after every event that was older than `idleMs`.
   */
  place(idleMs: number): Promise<PruningPlace>;
  /** Stores the place for the next process that prunes. */
  keep(place: PruningPlace): Promise<void>;
  /**
   * Threads whose runs ended after the place and at least `idleMs` ago, from up to `limit` events, and the place after those
   * events.
   */
  endedAfter(place: bigint, idleMs: number, limit: number): Promise<{ threadIds: string[]; place: bigint }>;
  /** The next `limit` thread ids after this one, in order. */
  threadsAfter(threadId: string, limit: number): Promise<string[]>;
  /** Deletes up to `limit` checkpoints and says how many; it deletes none of a thread that is busy or locked. */
  prune(threadId: string, limit: number): Promise<number>;
}

export type PruneCheckpointsDependencies = {
  checkpoints: CheckpointPruning;
  /**
   * How long ago a run must have ended, in milliseconds. It has to be longer than a settlement takes to commit, or runs are
   * overlooked.
   */
  idleMs: number;
  /** Time between two rounds, in milliseconds. */
  everyMs: number;
  logger: Logger;
};

/** Small enough that a thread's lock, which an admission may wait for, is held for milliseconds. */
const BATCH = 500;

/** A thread may overrun this many times in a row, each time with half as much; then it is passed over until its next run ends. */
const MAX_OVERRUNS = 4;

/** Threads, or events, that one look asks for. */
const PAGE = 200;

/** Prunes in rounds until `signal` aborts. */
export async function pruneCheckpointsUntil(signal: AbortSignal, needs: PruneCheckpointsDependencies): Promise<void> {
  const { checkpoints, idleMs, everyMs, logger } = needs;
  const pause = new Wakeup();
  while (!signal.aborted) {
    let count = 0;
    try {
      let place = await checkpoints.place(idleMs);
      do {
        const ended = await pruneEnded(place.outboxId, signal, needs);
        const walked = await pruneNextPage(place.walkedThrough, signal, needs);
        count += ended.count + walked.count;
        place = { outboxId: ended.outboxId, walkedThrough: walked.through };
        // A round that the signal cut short is repeated.
        if (!signal.aborted) await checkpoints.keep(place);
      } while (place.walkedThrough !== null && !signal.aborted);
    } catch (error) {
      logger.warn({ err: error }, 'checkpoints.prune_failed');
    }
    if (count > 0) logger.info({ checkpoints: count }, 'checkpoints.pruned');
    await pause.wait(everyMs, signal);
  }
}

/** Prunes the threads whose runs have ended since. */
async function pruneEnded(
  since: bigint,
  signal: AbortSignal,
  needs: PruneCheckpointsDependencies,
): Promise<{ count: number; outboxId: bigint }> {
  let count = 0;
  let outboxId = since;
  while (!signal.aborted) {
    const ended = await needs.checkpoints.endedAfter(outboxId, needs.idleMs, PAGE);
    count += await pruneAll(ended.threadIds, signal, needs);
    if (ended.place === outboxId) break;
    outboxId = ended.place;
  }
  return { count, outboxId };
}

/** Prunes the next page of the walk over all threads; does nothing once the walk has ended. */
async function pruneNextPage(
  after: string | null,
  signal: AbortSignal,
  needs: PruneCheckpointsDependencies,
): Promise<{ count: number; through: string | null }> {
  if (after === null) return { count: 0, through: null };
  const threadIds = await needs.checkpoints.threadsAfter(after, PAGE);
  return { count: await pruneAll(threadIds, signal, needs), through: threadIds.at(-1) ?? null };
}

async function pruneAll(
  threadIds: readonly string[],
  signal: AbortSignal,
  needs: PruneCheckpointsDependencies,
): Promise<number> {
  let total = 0;
  for (const threadId of threadIds) {
    if (signal.aborted) return total;
    total += await pruneThread(threadId, signal, needs);
  }
  return total;
}

async function pruneThread(
  threadId: string,
  signal: AbortSignal,
  { checkpoints, logger }: PruneCheckpointsDependencies,
): Promise<number> {
  const batch = new BatchLimit(BATCH);
  let total = 0;
  let hasMore = true;
  let overrunCount = 0;
  while (hasMore && !signal.aborted) {
    try {
      total += await batch.ask(async (limit) => {
        const count = await checkpoints.prune(threadId, limit);
        hasMore = count >= limit;
        return count;
      });
      overrunCount = 0;
    } catch (error) {
      if (!(error instanceof OverrunError)) throw error;
      overrunCount += 1;
      if (overrunCount < MAX_OVERRUNS) continue;
      logger.error({ err: error, thread_id: threadId }, 'checkpoints.thread_too_heavy');
      return total;
    }
  }
  return total;
}
