/**
 * Purpose   Execution: claims ready runs while there is room, runs their graphs, settles them.
 * Owns      The runs it claimed, for as long as the executor's lease is held.
 * I3        When the lease is lost, every run is aborted and none of them is settled.
 * I9        A run is settled only after its graph has ended.
 * I12       Draining stops claiming, lets runs end within the grace, then hands the rest back unspent.
 */
import { LeaseLost, RunTimedOut, ShuttingDown } from '@runlane/service-kit';
import type { Logger, Wakeup } from '@runlane/service-kit';
import type { ClaimedRun, Outcome } from '../domain/run.ts';
import { settlementOf } from '../domain/settlement.ts';
import type { ExecutorLease } from './hold-executor-lease.ts';
import type { Hints, RunClaims } from './ports.ts';
import type { SettleQueue } from './settle-runs.ts';

/** Runs one attempt of a graph. Never rejects: what goes wrong is an outcome. */
export type GraphRunner = (run: ClaimedRun, signal: AbortSignal) => Promise<Outcome>;

export type ExecuteDependencies = {
  claims: RunClaims;
  settle: SettleQueue;
  lease: ExecutorLease;
  runGraph: GraphRunner;
  hints: Hints;
  /** Wakes the claiming loop when a run may have become ready. */
  ready: Wakeup;
  onAttempt: (run: ClaimedRun, outcome: Outcome, durationMs: number) => void;
  monotonicMs: () => number;
  logger: Logger;
  settings: ExecuteSettings;
};

export type ExecuteSettings = {
  /** Runs executed at the same time. */
  maxConcurrentRuns: number;
  /** Seconds an attempt may take; 0 = no limit. */
  runTimeoutSeconds: number;
  valuesMaxBytes: number;
  /** Longest wait before ready runs are looked for without having been told, in milliseconds. */
  pollMs: number;
};

type Executing = { abort: AbortController; done: Promise<void> };

export class RunExecutor {
  readonly #needs: ExecuteDependencies;
  readonly #executing = new Map<string, Executing>();

  constructor(needs: ExecuteDependencies) {
    this.#needs = needs;
  }

  /** Runs being executed at this moment. */
  get activeCount(): number {
    return this.#executing.size;
  }

  /** Claims and executes until `signal` aborts; then no run is claimed any more. */
  async claimUntil(signal: AbortSignal): Promise<void> {
    const { claims, lease, ready, settings, logger } = this.#needs;
    while (!signal.aborted) {
      const free = settings.maxConcurrentRuns - this.#executing.size;
      let claimed: ClaimedRun[] = [];
      if (free > 0 && lease.executorId !== null) {
        try {
          claimed = await claims.claim(lease.executorId, free);
        } catch (error) {
          logger.warn({ err: error }, 'claim.failed');
          await ready.wait(settings.pollMs, signal);
        }
      }
      for (const run of claimed) this.#start(run);
      if (claimed.length > 0) this.#needs.hints.eventsStored();
      if (claimed.length < free || free === 0) await ready.wait(settings.pollMs, signal);
    }
  }

  /** Resolves when no run is executing, or after `graceMs`; then the rest is handed back without spending an attempt. */
  async drain(graceMs: number): Promise<void> {
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(() => grace.resolve(), graceMs);
    await Promise.race([this.#allDone(), grace.promise]);
    clearTimeout(timer);
    this.abortAll(new ShuttingDown());
    await this.#allDone();
  }

  /** Aborts every run with the reason: ShuttingDown hands it back, LeaseLost leaves it to its next owner. */
  abortAll(reason: ShuttingDown | LeaseLost): void {
    for (const { abort } of this.#executing.values()) abort.abort(reason);
  }

  async #allDone(): Promise<void> {
    await Promise.all([...this.#executing.values()].map(({ done }) => done));
  }

  #start(run: ClaimedRun): void {
    const abort = new AbortController();
    // The key is the claim, not the run: a run that was lost may be claimed again before its old graph has ended.
    const key = `${run.runId}/${run.fencingToken}`;
    const done = this.#execute(run, abort)
      .catch((error: unknown) => this.#needs.logger.error({ err: error, run_id: run.runId }, 'run.settle_failed'))
      .finally(() => {
        this.#executing.delete(key);
        this.#needs.ready.notify();
      });
    this.#executing.set(key, { abort, done });
  }

  async #execute(run: ClaimedRun, abort: AbortController): Promise<void> {
    const { settings, monotonicMs } = this.#needs;
    const startedMs = monotonicMs();
    const limitMs = settings.runTimeoutSeconds * 1_000;
    const timer = limitMs > 0 ? setTimeout(() => abort.abort(new RunTimedOut(limitMs)), limitMs) : null;
    const ended = await this.#needs.runGraph(run, abort.signal);
    if (timer !== null) clearTimeout(timer);
    const outcome = afterAbort(ended, abort.signal);
    this.#needs.onAttempt(run, outcome, monotonicMs() - startedMs);
    const settlement = settlementOf(outcome, run.attempt, settings.valuesMaxBytes);
    if (settlement.kind === 'nothing') return;
    const result = await this.#needs.settle.settle({
      runId: run.runId,
      threadId: run.threadId,
      fencingToken: run.fencingToken,
      settlement,
    });
    if (result === 'lost') this.#needs.logger.warn({ run_id: run.runId, attempt: run.attempt }, 'run.lost');
    if (result === 'settled' || result === 'successor_ready') this.#needs.hints.eventsStored();
    if (result === 'successor_ready' || result === 'requeued') this.#needs.hints.runsReady();
  }
}

/** A graph that ended well before it noticed its abort has ended well; otherwise our own reason says how it ended. */
function afterAbort(outcome: Outcome, signal: AbortSignal): Outcome {
  if (!signal.aborted) return outcome;
  const reason: unknown = signal.reason;
  if (reason instanceof LeaseLost) return { kind: 'lease_lost' };
  if (outcome.kind === 'succeeded' || outcome.kind === 'paused') return outcome;
  if (reason instanceof RunTimedOut) return { kind: 'timed_out', limitSeconds: reason.timeoutMs / 1_000 };
  return {
    kind: 'handed_back',
    spendsAttempt: false,
    error: { error: 'ShuttingDown', message: 'its executor was stopped' },
  };
}
