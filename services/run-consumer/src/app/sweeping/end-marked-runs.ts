/**
 * Purpose   Ends the marked runs of long lanes (domain/lane-mark.ts), slice by slice: each in a transaction that is short
 *           enough for the database and for work that waits for the thread.
 * I5, I6    A run ends in one transaction with its event; admission has announced the run that superseded it earlier.
 * I10       One slice of each thread in turn. A slice that is too heavy is halved. A thread that fails, or that somebody
 *           holds, delays no other: its own next slice is due after a pause, which grows with each failure.
 * Twice     Two processes at once are harmless: a slice is taken under the lock of its thread.
 */
import { BatchLimit, OverrunError } from '@runlane/service-kit';
import type { Logger, Wakeup } from '@runlane/service-kit';
import type { CancelledRuns, Hints } from '../ports.ts';

/** What a slice has done: `cancelled` and `readyCount` as for admission; `hasMore`: the thread may still have marked runs. */
export type Slice = { cancelled: CancelledRuns[]; readyCount: number; hasMore: boolean };

export interface MarkedRuns {
  /** Up to `limit` threads with marked runs after this one, by id; and how many marked runs they have at most. */
  threadsAfter(threadId: string, limit: number): Promise<{ threadId: string; runCount: number }[]>;
  /** Ends up to `limit` runs of the thread, of its oldest mark; null while somebody holds the thread. */
  endSlice(threadId: string, limit: number): Promise<Slice | null>;
}

export type EndMarkedDependencies = {
  marked: MarkedRuns;
  hints: Hints;
  /** Woken when lanes were marked. */
  lanesMarked: Wakeup;
  /**
   * Longest time between two looks when no hint arrives, and the shortest pause of a thread whose slice failed, in
   * milliseconds.
   */
  everyMs: number;
  monotonicMs: () => number;
  /** Most runs in one slice. */
  sliceSize: number;
  onEnded: (cancelled: readonly CancelledRuns[]) => void;
  /** Called in each round with the number of marked runs that are left, at most. */
  onLeft: (runCount: number) => void;
  logger: Logger;
};

/** Threads that are looked for at once. */
const PAGE = 200;

/** The longest pause of a thread that fails, as a multiple of the shortest. */
const LONGEST_PAUSE = 64;

/** What the slices so far have shown about a thread. */
type Turn = { limit: BatchLimit; failureCount: number; dueAtMs: number };

/** Ends marked runs until `signal` aborts. Never rejects. */
export async function endMarkedUntil(signal: AbortSignal, needs: EndMarkedDependencies): Promise<void> {
  const { lanesMarked, everyMs, logger } = needs;
  let turns = new Map<string, Turn>();
  while (!signal.aborted) {
    let hasMore = false;
    try {
      const round = await endRound(signal, turns, needs);
      ({ hasMore, turns } = round);
    } catch (error) {
      logger.warn({ err: error }, 'lane_ends.failed');
    }
    if (!hasMore) await lanesMarked.wait(everyMs, signal);
  }
}

/** Takes one slice of each thread. Returns what is then known of the threads, and whether the next round is due immediately. */
async function endRound(
  signal: AbortSignal,
  before: ReadonlyMap<string, Turn>,
  needs: EndMarkedDependencies,
): Promise<{ hasMore: boolean; turns: Map<string, Turn> }> {
  const turns = new Map<string, Turn>();
  let hasMore = false;
  let leftCount = 0;
  let after: string | undefined = '';
  while (after !== undefined && !signal.aborted) {
    const threads = await needs.marked.threadsAfter(after, PAGE);
    for (const { threadId, runCount } of threads) {
      if (signal.aborted) break;
      leftCount += runCount;
      const turn = before.get(threadId) ?? { limit: new BatchLimit(needs.sliceSize), failureCount: 0, dueAtMs: 0 };
      turns.set(threadId, turn);
      if (turn.dueAtMs <= needs.monotonicMs() && (await endSlice(threadId, turn, needs))) hasMore = true;
    }
    after = threads.at(-1)?.threadId;
  }
  if (!signal.aborted) needs.onLeft(leftCount);
  return { hasMore, turns };
}

/** Whether the next slice of the thread can be taken immediately. */
async function endSlice(
  threadId: string,
  turn: Turn,
  { marked, hints, onEnded, everyMs, monotonicMs, logger }: EndMarkedDependencies,
): Promise<boolean> {
  try {
    const slice = await turn.limit.ask((limit) => marked.endSlice(threadId, limit));
    turn.failureCount = 0;
    if (slice === null) {
      turn.dueAtMs = monotonicMs() + everyMs;
      return false;
    }
    if (slice.cancelled.some(({ askedCount }) => askedCount > 0)) hints.stopsRequested();
    if (slice.readyCount > 0) hints.runsReady();
    if (slice.cancelled.some(({ endedCount }) => endedCount > 0)) hints.eventsStored();
    onEnded(slice.cancelled);
    return slice.hasMore;
  } catch (error) {
    turn.dueAtMs = monotonicMs() + everyMs * Math.min(2 ** turn.failureCount, LONGEST_PAUSE);
    // A slice that was too heavy is smaller next time.
    if (!(error instanceof OverrunError)) turn.failureCount += 1;
    logger.warn({ err: error, thread_id: threadId }, 'lane_ends.slice_failed');
    return false;
  }
}
