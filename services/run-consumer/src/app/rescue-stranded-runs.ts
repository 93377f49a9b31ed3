/**
 * Purpose   Sweeping: ends leases that ran out and puts the runs behind them back, or gives them up.
 * I3        The token of a rescued run rises in the same statement, so that its old executor can write nothing more.
 * I11       After a time without the database every lease looks expired, although its holder is well. So leases are
 *           taken only after this process has reached the database without a break for as long as a lease lasts.
 */
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { rescueOf } from '../domain/settlement.ts';
import type { Hints, StrandedRuns } from './ports.ts';
import type { SettleQueue } from './settle-runs.ts';

export type RescueDependencies = {
  stranded: StrandedRuns;
  settle: SettleQueue;
  hints: Hints;
  monotonicMs: () => number;
  leaseMs: number;
  /** Time between two sweeps, in milliseconds. */
  sweepMs: number;
  onRescued: (count: number) => void;
  logger: Logger;
};

const BATCH = 100;

/** Sweeps until `signal` aborts. */
export async function rescueUntil(signal: AbortSignal, needs: RescueDependencies): Promise<void> {
  const { leaseMs, sweepMs, monotonicMs, logger } = needs;
  const pause = new Wakeup();
  let steadySinceMs = monotonicMs();
  let lastSweepMs = steadySinceMs;
  // A gap means that this process was frozen, or its database away, for a time it knows nothing about.
  const noticeGap = () => {
    if (monotonicMs() - lastSweepMs > sweepMs + leaseMs / 2) steadySinceMs = monotonicMs();
  };
  while (!signal.aborted) {
    noticeGap();
    try {
      await sweep(monotonicMs() - steadySinceMs >= leaseMs, needs);
      // A database that hung answers in the end.
      noticeGap();
    } catch (error) {
      logger.warn({ err: error }, 'sweep.failed');
      steadySinceMs = monotonicMs();
    }
    lastSweepMs = monotonicMs();
    await pause.wait(sweepMs, signal);
  }
}

async function sweep(mayTakeLeases: boolean, needs: RescueDependencies): Promise<void> {
  const { stranded, settle, hints, logger } = needs;
  if (mayTakeLeases) {
    for (const { executorId, host } of await stranded.takeExpiredLeases()) {
      logger.warn({ executor_id: executorId, host }, 'lease.taken');
    }
  }
  for (;;) {
    const runs = await stranded.select(BATCH);
    const results = await Promise.all(
      runs.map(({ runId, threadId, attempt, fencingToken }) =>
        settle.settle({ runId, threadId, fencingToken, settlement: rescueOf(attempt) }),
      ),
    );
    const rescuedCount = results.filter((result) => result !== 'lost').length;
    if (rescuedCount > 0) {
      logger.warn({ run_ids: runs.map(({ runId }) => runId) }, 'run.rescued');
      needs.onRescued(rescuedCount);
      hints.runsReady();
      hints.eventsStored();
    }
    if (runs.length < BATCH || rescuedCount === 0) return;
  }
}
