/**
 * Purpose   Sweeping: ends expired leases, and puts their runs back or gives them up.
 * I3        The same statement raises the token of the rescued run, so that its old executor can write nothing more.
 * I11       After an outage of the database every lease looks expired, although its holder is well. So this process takes
 *           leases only after it has reached the database without a break for as long as a lease lasts. A break is a time in
 *           which a lease that was renewed in time could expire: two thirds of a lease. A lease is first read and then
 *           taken, in two statements: a statement that hung in a frozen database would find every lease expired. This
 *           process counts itself how long a lease has not been renewed, so that a change of the database's clock does no
 *           harm.
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
  /** Time between two sweeps, in milliseconds. It has to be much shorter than half a lease, or no lease is ever taken. */
  sweepMs: number;
  /**
   * Called for each rescued run: it executes again, has failed because its attempts are spent, or has ended because it was
   * asked to stop.
   */
  onRescued: (run: StrandedRun, became: Rescued) => void;
  logger: Logger;
};

/** What happened to a stranded run. */
export const RESCUED = ['requeued', 'failed', 'stopped'] as const;
export type Rescued = (typeof RESCUED)[number];

const BATCH = 100;

/** How long a sweep waits for one rescue before it takes the next, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Sweeps until `signal` aborts. */
export async function rescueUntil(signal: AbortSignal, needs: RescueDependencies): Promise<void> {
  const { leaseMs, sweepMs, monotonicMs, logger } = needs;
  const pause = new Wakeup();
  const rescuing = new Set<string>();
  const watch = new LeaseWatch(leaseMs);
  let steadySinceMs = monotonicMs();
  let lastSweepMs = steadySinceMs;
  // A gap means that this process was frozen, or its database away, and it does not know what happened in that time.
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
      // A database that hung may answer late.
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
    // The sweep does not wait for a run whose thread is held or whose rollback takes long: the next ones are stranded too.
    const results = await Promise.all(rescued.map((result) => Promise.race([result, delay(PATIENCE_MS)])));
    if (results.includes('rescued')) {
      hints.runsReady();
      hints.eventsStored();
    }
    if (runs.length < BATCH || !results.includes('rescued')) return;
  }
}

/** `rescuing` holds the run until the result is known, so that the next sweep does not rescue it a second time. */
async function rescue(
  run: StrandedRun,
  rescuing: Set<string>,
  { settle, onRescued, logger }: RescueDependencies,
): Promise<'rescued' | 'lost'> {
  const { runId, threadId, graphId, attempt, fencingToken, traceparent } = run;
  const settlement = rescueOf(attempt);
  rescuing.add(claimKey(run));
  try {
    const result = await settle.settle({ runId, threadId, graphId, attempt, fencingToken, traceparent, settlement });
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
