/**
 * Purpose   Keeps of each thread the checkpoints that it needs to go on, and deletes the others (RUNLANE_CHECKPOINT_RETENTION
 *           latest): at start of all threads, and then of those whose runs end.
 * I3, I8    A thread is pruned under its lock and only while no run of it is pending, running or scheduled, so that nothing
 *           an attempt or a rollback would still need goes away. The end of its last run brings it here again.
 */
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

export interface CheckpointPruning {
  /** Place in the outbox behind everything that had been in it for `idleMs`. */
  place(idleMs: number): Promise<bigint>;
  /** Threads whose runs ended after the place and `idleMs` ago or longer, from up to `limit` events, and the place behind. */
  endedAfter(place: bigint, idleMs: number, limit: number): Promise<{ threadIds: string[]; place: bigint }>;
  /** Up to `limit` thread ids after this one, in order. */
  threadsAfter(threadId: string, limit: number): Promise<string[]>;
  /** Deletes up to `limit` checkpoints and says how many; none of a thread that is busy or locked. */
  prune(threadId: string, limit: number): Promise<number>;
}

export type PruneCheckpointsDependencies = {
  checkpoints: CheckpointPruning;
  /** How long ago a run must have ended, in milliseconds: longer than a settlement takes to commit, or it is overlooked. */
  idleMs: number;
  /** Time between two rounds, in milliseconds. */
  everyMs: number;
  logger: Logger;
};

/** Small enough that a thread's lock, which an admission may wait for, is held for milliseconds. */
const BATCH = 500;

/** Threads, or events, that are looked for at once. */
const PAGE = 200;

/** Prunes in rounds until `signal` aborts. */
export async function pruneCheckpointsUntil(signal: AbortSignal, needs: PruneCheckpointsDependencies): Promise<void> {
  const { checkpoints, idleMs, everyMs, logger } = needs;
  const pause = new Wakeup();
  let place: bigint | null = null;
  // The walk over all threads; null once it has reached the last one.
  let walked: string | null = '';
  while (!signal.aborted) {
    let count = 0;
    try {
      // Before the walk: what ends during it comes afterwards.
      place ??= await checkpoints.place(idleMs);
      while (walked !== null && !signal.aborted) {
        const threadIds: string[] = await checkpoints.threadsAfter(walked, PAGE);
        count += await pruneAll(threadIds, signal, checkpoints);
        walked = threadIds.at(-1) ?? null;
      }
      for (;;) {
        const ended = await checkpoints.endedAfter(place, idleMs, PAGE);
        count += await pruneAll(ended.threadIds, signal, checkpoints);
        if (ended.place === place || signal.aborted) break;
        place = ended.place;
      }
    } catch (error) {
      logger.warn({ err: error }, 'checkpoints.prune_failed');
    }
    if (count > 0) logger.info({ checkpoints: count }, 'checkpoints.pruned');
    await pause.wait(everyMs, signal);
  }
}

async function pruneAll(
  threadIds: readonly string[],
  signal: AbortSignal,
  checkpoints: CheckpointPruning,
): Promise<number> {
  let total = 0;
  for (const threadId of threadIds) {
    let count;
    do {
      if (signal.aborted) return total;
      count = await checkpoints.prune(threadId, BATCH);
      total += count;
    } while (count === BATCH);
  }
  return total;
}
