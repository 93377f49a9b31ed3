/**
 * Purpose   Lets scheduled runs (`after_seconds`) join their lanes when they are due. Until then they keep their thread
 *           busy, and later runs may pass them.
 * Clock     The database's: every process sees the same time.
 */
import { BatchLimit, Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { Hints } from '../ports.ts';

export interface ScheduledRuns {
  /** Lets up to `limit` due runs join. Says how many joined, and how many of them can be claimed immediately. */
  joinDue(limit: number): Promise<{ joinedCount: number; readyCount: number }>;
}

export type JoinDependencies = {
  scheduled: ScheduledRuns;
  hints: Hints;
  /** Time between two looks, in milliseconds: how late a run may join. */
  everyMs: number;
  logger: Logger;
};

const BATCH = 200;

/** Looks for due runs until `signal` aborts. */
export async function joinScheduledUntil(signal: AbortSignal, needs: JoinDependencies): Promise<void> {
  const { scheduled, hints, everyMs, logger } = needs;
  const pause = new Wakeup();
  const batch = new BatchLimit(BATCH);
  while (!signal.aborted) {
    let hasMore = false;
    try {
      const joined = await batch.ask(async (limit) => {
        const result = await scheduled.joinDue(limit);
        hasMore = result.joinedCount >= limit;
        return result;
      });
      if (joined.readyCount > 0) hints.runsReady();
    } catch (error) {
      logger.warn({ err: error }, 'schedule.failed');
    }
    if (!hasMore) await pause.wait(everyMs, signal);
  }
}
