/**
 * Purpose   Tells what waits in the ledger, for metrics, whichever process relays or executes, and also while nobody does.
 * Cost      At most a twentieth of the time of one connection.
 * Alarms    What cannot be read is told as unknown: a number of once must not look like one of now.
 */
import type { Logger } from '@runlane/service-kit';

/** How many lanes have how many unfinished runs; depths as the label has them. */
export type LanesByDepth = Readonly<Record<'1' | '2-10' | '11-100' | '101+', number>>;

export type LedgerBacklog = {
  lanesByDepth: LanesByDepth;
  /** Events that their topic does not have yet, counted no further than a limit, and the age of the oldest in seconds. */
  unpublishedCount: number;
  oldestUnpublishedSeconds: number;
  /** Processes that hold a lease to execute runs. */
  executorCount: number;
  /** Unfinished runs, each counted no further than a limit; those that are scheduled are pending too. */
  runsByStatus: Readonly<Record<'running' | 'pending', number>>;
  scheduledCount: number;
  /** Threads that wait for an answer, counted no further than a limit, and for how long the first of them has, in seconds. */
  pausedCount: number;
  oldestPausedSeconds: number;
};

export type WatchBacklogDependencies = {
  read: () => Promise<LedgerBacklog>;
  /** Resolves after the milliseconds, or earlier when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<void>;
  monotonicMs: () => number;
  /** Null: not known, because it could not be read or somebody else reads it from now on. */
  onBacklog: (backlog: LedgerBacklog | null) => void;
  logger: Logger;
};

const LOOK_EVERY_MS = 5_000;
const PAUSE_PER_LOOK = 20;

/** Looks until `signal` aborts. Never rejects. */
export async function watchBacklogUntil(signal: AbortSignal, needs: WatchBacklogDependencies): Promise<void> {
  const { read, delay, monotonicMs, onBacklog, logger } = needs;
  while (!signal.aborted) {
    const startedMs = monotonicMs();
    try {
      onBacklog(await read());
    } catch (error) {
      onBacklog(null);
      logger.warn({ err: error }, 'backlog.not_read');
    }
    await delay(Math.max(LOOK_EVERY_MS, (monotonicMs() - startedMs) * PAUSE_PER_LOOK), signal);
  }
  onBacklog(null);
}
