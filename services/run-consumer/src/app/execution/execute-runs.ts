/**
 * Purpose   Execution: claims ready runs while there is room, runs their graphs, settles them.
 * Owns      The runs it claimed, for as long as the executor's lease is held.
 * I3        When the lease is lost, every run is aborted; so is a run whose claim the ledger has forgotten, which the next
 *           renewal of the lease reports. A later settlement matches no row once somebody else owns the run, because the
 *           token has changed.
 * I9        A run is settled only after its graph has ended.
 * I11       A database that was away for longer than a lease costs no attempt: while nobody has taken the lease, the runs of
 *           this process are handed back.
 * Stops     A run that was superseded or cancelled is aborted as soon as this process learns of it, from a hint or from the
 *           next renewal of its lease. The transaction that settles it decides how it ends.
 * I12       Draining stops claiming, stops graphs at their next superstep and hands their runs back unspent.
 */
import { ShuttingDown } from '@runlane/service-kit';
import { Cancelled, LeaseLost, RunTimedOut, Superseded } from '../../domain/abort-reasons.ts';
import { runFields } from '@runlane/service-kit';
import type { Logger, Wakeup } from '@runlane/service-kit';
import { claimKey } from '../../domain/run.ts';
import type { ClaimedRun, HeldClaim, Outcome, Stop, StopRequest } from '../../domain/run.ts';
import { settlementOf } from '../../domain/settlement.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { ExecutorLease } from './hold-executor-lease.ts';
import type { Hints, RunClaims } from '../ports.ts';
import type { SettleQueue } from './settle-runs.ts';
import { UNWRITTEN_END, UnsettledRuns } from './unsettled-runs.ts';

/** `drain` asks a graph to stop at its next superstep, `abort` to stop now. */
export type RunSignals = {
  abort: AbortSignal;
  drain: AbortSignal;
  /** Called when the graph begins to execute, which may be later than the call. The time limit counts from there. */
  began?: () => void;
};

/** Runs one attempt of a graph. Never rejects: a failure is an outcome. */
export type GraphRunner = (run: ClaimedRun, signals: RunSignals) => Promise<Outcome>;

export type ExecuteDependencies = {
  claims: RunClaims;
  settle: SettleQueue;
  lease: ExecutorLease;
  /** False while something of this host forbids to take runs. Those that execute go on. */
  mayClaim: () => boolean;
  runGraph: GraphRunner;
  hints: Hints;
  /** Wakes the claiming loop when a run may have become ready. */
  ready: Wakeup;
  /** Woken when runs of this process may have been asked to stop. */
  stops: Wakeup;
  onClaimed: (run: ClaimedRun) => void;
  /** `durationMs` is null when the end that was told before cannot be written, and this one has taken its place. */
  onAttempt: (run: ClaimedRun, outcome: Outcome, durationMs: number | null) => void;
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
  /** Longest time between two looks for ready runs when no hint arrives, in milliseconds. */
  pollMs: number;
};

type Executing = { runId: string; abort: AbortController; done: Promise<void> };

/** Most runs in one claim: their requests, of some MiB each, are parsed on the thread that renews the lease. */
const MAX_CLAIM = 32;

/** Longest wait for a hint, in milliseconds; after it nothing is done. */
const LONGEST_WAIT_MS = 60_000;

export class RunExecutor {
  readonly #needs: ExecuteDependencies;
  readonly #executing = new Map<string, Executing>();
  readonly #unsettled: UnsettledRuns;
  readonly #draining = new AbortController();
  /** Stop requests for claims whose answer has not arrived yet, by claim. */
  readonly #early = new Map<string, StopRequest>();

  constructor(needs: ExecuteDependencies) {
    this.#needs = needs;
    this.#unsettled = new UnsettledRuns(async (run) => {
      await this.#settleOutcome(run, UNWRITTEN_END);
      needs.onAttempt(run, UNWRITTEN_END, null);
    }, needs.logger);
  }

  /** Runs that are being executed. */
  get activeCount(): number {
    return this.#executing.size;
  }

  /** Claims and executes runs until `signal` aborts; after that it claims none. */
  async claimUntil(signal: AbortSignal): Promise<void> {
    const { ready, settings, hints } = this.#needs;
    while (!signal.aborted) {
      const free = settings.maxConcurrentRuns - this.#executing.size;
      const limit = Math.min(free, MAX_CLAIM);
      const claimed = await this.#claim(limit);
      if (claimed.length > 0) hints.eventsStored();
      if (claimed.length < limit || limit <= 0) await ready.wait(settings.pollMs, signal);
    }
  }

  /** Follows hints that runs were asked to stop, until `signal` aborts. */
  async heedStopsUntil(signal: AbortSignal): Promise<void> {
    const { stops, claims, lease, logger } = this.#needs;
    while (!signal.aborted) {
      if ((await stops.wait(LONGEST_WAIT_MS, signal)) !== 'notified') continue;
      const { executorId } = lease;
      if (executorId === null) continue;
      try {
        this.stopRuns(await claims.stopRequests(executorId));
      } catch (error) {
        logger.warn({ err: error }, 'stops.not_read');
      }
    }
  }

  /** Aborts the runs that were asked to stop and have not stopped yet. `requests` are all those of this process. */
  stopRuns(requests: readonly StopRequest[]): void {
    for (const request of requests) {
      const key = claimKey(request);
      const executing = this.#executing.get(key);
      if (executing === undefined) this.#early.set(key, request);
      else executing.abort.abort(abortReason(request));
    }
  }

  /**
   * Notes what is executing now, and returns a function that takes the claims which the ledger knows of later. It aborts
   * what was asked to stop, and what the ledger has forgotten: such a run may be handed out again, and nothing that it
   * writes is kept (I3).
   */
  watchClaims(): (held: readonly HeldClaim[]) => void {
    const executing = [...this.#executing];
    const unsettled = this.#unsettled.watch();
    return (held) => {
      const known = new Set(held.map(claimKey));
      unsettled(known);
      for (const [key, { runId, abort }] of executing) if (!known.has(key)) abort.abort(new LeaseLost(`run ${runId}`));
      this.stopRuns(
        held.flatMap(({ runId, fencingToken, stop }) => (stop === null ? [] : [{ runId, fencingToken, ...stop }])),
      );
    };
  }

  /**
   * Asks every graph to stop at its next superstep. Resolves when no run is executing; those that are left after
   * `graceMs` are aborted. All of them are handed back without spending an attempt.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining.abort();
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(() => grace.resolve(), graceMs);
    await Promise.race([this.#allDone(), grace.promise]);
    clearTimeout(timer);
    this.abortAll(new ShuttingDown());
    await this.#allDone();
  }

  /** Aborts every run with the reason; each is then handed back, unless somebody else owns it by then. */
  abortAll(reason: ShuttingDown | LeaseLost): void {
    for (const { abort } of this.#executing.values()) abort.abort(reason);
  }

  async #allDone(): Promise<void> {
    await Promise.all([...this.#executing.values()].map(({ done }) => done));
  }

  /** Claims up to `limit` runs and starts them. */
  async #claim(limit: number): Promise<ClaimedRun[]> {
    const { claims, lease, logger, mayClaim } = this.#needs;
    const { executorId } = lease;
    if (limit <= 0 || executorId === null || !mayClaim()) return [];
    const known = [...this.#unsettled.runIds, ...[...this.#executing.values()].map(({ runId }) => runId)];
    let claimed: ClaimedRun[];
    try {
      claimed = await claims.claim(executorId, limit, known);
    } catch (error) {
      logger.warn({ err: error }, 'claim.failed');
      return [];
    }
    // The lease may have ended before the answer arrived. Nothing would abort such a run, and its lease is not renewed, so a
    // second process could execute it (I3).
    const isOurs = lease.executorId === executorId;
    for (const run of claimed) {
      this.#needs.onClaimed(run);
      const earlier = this.#forgotten(run.runId);
      this.#track(run, async (abort) => {
        await earlier;
        await (isOurs ? this.#execute(run, abort) : this.#return(run));
      });
    }
    this.#early.clear();
    return claimed;
  }

  /**
   * Aborts the executions of a run that was claimed again: the database has forgotten their claims. Resolves when they have
   * ended; the new execution must not start earlier (I3, I9).
   */
  async #forgotten(runId: string): Promise<void> {
    const earlier = [...this.#executing.values()].filter((executing) => executing.runId === runId);
    for (const { abort } of earlier) abort.abort(new LeaseLost(`run ${runId}`));
    await Promise.all(earlier.map(({ done }) => done));
  }

  #track(run: ClaimedRun, work: (abort: AbortController) => Promise<void>): void {
    const abort = new AbortController();
    // The key is the claim, not the run: a run that was lost may be claimed again before its old graph has ended.
    const key = claimKey(run);
    const early = this.#early.get(key);
    if (early !== undefined) abort.abort(abortReason(early));
    const done = work(abort)
      .catch((error: unknown) => {
        const { graphId: graph_id, attempt } = run;
        this.#needs.logger.error({ err: error, ...runFields(run), graph_id, attempt }, 'run.settle_failed');
        this.#unsettled.add(run);
      })
      .finally(() => {
        this.#executing.delete(key);
        this.#needs.ready.notify();
      });
    this.#executing.set(key, { runId: run.runId, abort, done });
  }

  async #return(run: ClaimedRun): Promise<void> {
    this.#needs.logger.warn({ ...runFields(run), attempt: run.attempt }, 'run.returned');
    await this.#settle(run, { kind: 'requeue', spendsAttempt: false, isolate: run.isIsolated });
  }

  async #execute(run: ClaimedRun, abort: AbortController): Promise<void> {
    const { settings, monotonicMs } = this.#needs;
    const startedMs = monotonicMs();
    const limitMs = settings.runTimeoutSeconds * 1_000;
    let timer: NodeJS.Timeout | undefined;
    const began = () => {
      if (limitMs > 0) timer ??= setTimeout(() => abort.abort(new RunTimedOut(limitMs)), limitMs);
    };
    const ended = await this.#needs.runGraph(run, { abort: abort.signal, drain: this.#draining.signal, began });
    clearTimeout(timer);
    const { report } = ended;
    const outcome = { ...afterAbort(ended, run, abort.signal), ...(report === undefined ? {} : { report }) };
    this.#needs.onAttempt(run, outcome, monotonicMs() - startedMs);
    await this.#settleOutcome(run, outcome);
  }

  async #settleOutcome(run: ClaimedRun, outcome: Outcome): Promise<void> {
    const settlement = settlementOf(outcome, run.attempt, this.#needs.settings.valuesMaxBytes);
    if (settlement.kind !== 'nothing') await this.#settle(run, settlement);
  }

  async #settle(run: ClaimedRun, settlement: Settlement): Promise<void> {
    const { runId, threadId, graphId, fencingToken, traceparent, attempt } = run;
    const { settle, hints, logger } = this.#needs;
    const result = await settle.settle({ runId, threadId, graphId, attempt, fencingToken, traceparent, settlement });
    if (result === 'lost') logger.warn({ ...runFields(run), attempt }, 'run.lost');
    if (result === 'settled' || result === 'successor_ready') hints.eventsStored();
    if (result === 'successor_ready' || result === 'requeued') hints.runsReady();
  }
}

function abortReason({ action, supersededBy }: StopRequest): Superseded | Cancelled {
  return supersededBy === null ? new Cancelled({ action }) : new Superseded({ by: supersededBy, action });
}

/** A graph that succeeded before it noticed its abort has succeeded; otherwise the reason of the abort says how it ended. */
function afterAbort(outcome: Outcome, run: ClaimedRun, signal: AbortSignal): Outcome {
  if (!signal.aborted || outcome.kind === 'lease_lost') return outcome;
  if (outcome.kind === 'succeeded' || outcome.kind === 'paused') return outcome;
  const reason: unknown = signal.reason;
  if (reason instanceof Superseded || reason instanceof Cancelled) {
    // Its worker thread or the database went away: the ledger says how such a run ends.
    if (outcome.kind === 'handed_back') return outcome;
    return { kind: 'interrupted', stop: stopOf(reason), head: 'head' in outcome ? outcome.head : null };
  }
  if (reason instanceof RunTimedOut) return { kind: 'timed_out', limitSeconds: reason.timeoutMs / 1_000 };
  const isLost = reason instanceof LeaseLost;
  return {
    kind: 'handed_back',
    spendsAttempt: false,
    isolate: run.isIsolated,
    error: isLost
      ? { error: 'LeaseLost', message: 'its executor could not renew its lease' }
      : { error: 'ShuttingDown', message: 'its executor was stopped' },
  };
}

function stopOf(reason: Superseded | Cancelled): Stop {
  return reason instanceof Superseded
    ? { action: reason.action, reason: 'superseded', supersededBy: reason.by }
    : { action: reason.action, reason: 'cancelled', supersededBy: null };
}
