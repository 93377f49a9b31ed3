/**
 * Purpose   Sweeping: ends leases that ran out and puts the runs behind them back, or gives them up.
 * I3        The token of a rescued run rises in the same statement, so that its old executor can write nothing more.
 * I11       After a time without the database every lease looks expired, although its holder is well. So leases are
 *           taken only after this process has reached the database without a break for as long as a lease lasts. A break is
 *           what is long enough for a lease that was renewed in time to run out: it has two thirds left then. And it is seen
 *           before it is taken, in a statement of its own: one that hung in a frozen database would find everybody's expired.
 *           How long a lease has not been renewed is counted by this process, whatever becomes of the database's clock.
 */
import { Wakeup, runFields } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { claimKey } from '../../domain/run.ts';
import { LeaseWatch } from '../execution/lease-watch.ts';
import { rescueOf } from '../../domain/settlement.ts';
import type { Hints, StrandedRun, StrandedRuns } from '../ports.ts';
import type { SettleQueue } from '../execution/settle-runs.ts';

export type RescueDependencies = {
  stranded: StrandedRuns;
  settle: SettleQueue;
  hints: Hints;
  /** Resolves after the given milliseconds. */
  delay: (ms: number) => Promise<void>;
  monotonicMs: () => number;
  leaseMs: number;
  /** Time between two sweeps, in milliseconds; much shorter than half a lease, or no lease is ever taken. */
  sweepMs: number;
  /** Told of each, with whether it goes on, has failed for want of attempts, or has ended because it was asked to stop. */
  onRescued: (run: StrandedRun, became: Rescued) => void;
  logger: Logger;
};

/** What became of a run that was stranded. */
export const RESCUED = ['requeued', 'failed', 'stopped'] as const;
export type Rescued = (typeof RESCUED)[number];

const BATCH = 100;

/** How long a sweep waits for a rescue before it looks further, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Sweeps until `signal` aborts. */
export async function rescueUntil(signal: AbortSignal, needs: RescueDependencies): Promise<void> {
  const { leaseMs, sweepMs, monotonicMs, logger } = needs;
  const pause = new Wakeup();
  const rescuing = new Set<string>();
  const watch = new LeaseWatch(leaseMs);
  let steadySinceMs = monotonicMs();
  let lastSweepMs = steadySinceMs;
  // A gap means that this process was frozen, or its database away, for a time it knows nothing about.
  const noticeGap = () => {
    if (monotonicMs() - lastSweepMs > leaseMs / 2) steadySinceMs = monotonicMs();
  };
  const isSteady = () => {
    noticeGap();
    return monotonicMs() - steadySinceMs >= leaseMs;
  };
  while (!signal.aborted) {
    try {
      await sweep(isSteady, watch, rescuing, needs);
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

async function sweep(
  isSteady: () => boolean,
  watch: LeaseWatch,
  rescuing: Set<string>,
  needs: RescueDependencies,
): Promise<void> {
  const { stranded, hints, delay, monotonicMs, logger } = needs;
  const ended = watch.ended(await stranded.leases(), monotonicMs());
  const taken = ended.length > 0 && isSteady() ? await stranded.takeLeases(ended) : [];
  for (const { executorId, host } of taken) logger.warn({ executor_id: executorId, host }, 'lease.taken');
  for (;;) {
    const runs = await stranded.select(BATCH);
    const fresh = runs.filter((run) => !rescuing.has(claimKey(run)));
    const rescued = fresh.map((run) => rescue(run, rescuing, needs));
    // One whose thread is held, or whose rollback takes long, is not waited for: the others behind it are stranded too.
    const results = await Promise.all(rescued.map((result) => Promise.race([result, delay(PATIENCE_MS)])));
    if (results.includes('rescued')) {
      hints.runsReady();
      hints.eventsStored();
    }
    if (runs.length < BATCH || !results.includes('rescued')) return;
  }
}

/** `rescuing` holds the run until its end is known, so that the next sweep does not try it a second time. */
async function rescue(
  run: StrandedRun,
  rescuing: Set<string>,
  { settle, onRescued, logger }: RescueDependencies,
): Promise<'rescued' | 'lost'> {
  const { runId, threadId, graphId, attempt, fencingToken, traceparent } = run;
  const settlement = rescueOf(attempt);
  rescuing.add(claimKey(run));
  try {
    const result = await settle.settle({ runId, threadId, fencingToken, traceparent, settlement });
    if (result === 'lost') return 'lost';
    const hasFailed = settlement.kind === 'end' && !run.isStopping;
    const became = result === 'requeued' ? 'requeued' : hasFailed ? 'failed' : 'stopped';
    const failure = hasFailed ? { reason: settlement.reason, error: settlement.details.error } : {};
    const line = { ...runFields(run), graph_id: graphId, attempt, outcome: became, ...failure };
    logger[hasFailed ? 'error' : 'warn'](line, 'run.rescued');
    onRescued(run, became);
    return 'rescued';
  } catch (error) {
    logger.error({ err: error, ...runFields(run) }, 'rescue.failed');
    return 'lost';
  } finally {
    rescuing.delete(claimKey(run));
  }
}
