/**
 * Purpose   Reports what waits in the ledger, for metrics. It does so whichever process relays or executes, and also while
 *           none does.
 * Cost      At most a twentieth of the time of one connection, or one look a minute.
 * Alarms    What cannot be read is reported as unknown, so that an old number does not look like a current one.
 */
import { restAfterLook } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

/** How many lanes have how many unfinished runs; the depths are the values of the label. */
export type LanesByDepth = Readonly<Record<'1' | '2-10' | '11-100' | '101+', number>>;

export type LedgerBacklog = {
  lanesByDepth: LanesByDepth;
  /** Events that are not published yet, counted up to a limit, and the age of the oldest in seconds. */
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
  /** Null: unknown, because it could not be read or because another process reads it from now on. */
  onBacklog: (backlog: LedgerBacklog | null) => void;
  logger: Logger;
};

const LOOK_EVERY_MS = 5_000;

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
    await delay(restAfterLook(LOOK_EVERY_MS, monotonicMs() - startedMs), signal);
  }
  onBacklog(null);
}
