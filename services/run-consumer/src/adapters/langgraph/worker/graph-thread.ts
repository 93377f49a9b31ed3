/**
 * Purpose   The main thread's side of one worker thread, in this process or in a process of its own.
 * Owns      The thread and the attempts that run in it. An attempt always gets an outcome: that of the graph, or that of the
 *           thread's end. An attempt that has not begun can be placed elsewhere.
 * States    loading ──ready──▶ working ──a deaf graph──▶ leaving ──▶ gone; a crash or `terminate` leads there from each,
 *           and from loading a graph whose import blocks it: that graph's runs fail, and no attempt of other runs is spent.
 * I3, I9    A graph that does not end after its abort is ended with its thread, so that every abort comes to an end.
 * I10       Before that the other attempts of the thread are drained: they stop at their next superstep and continue
 *           elsewhere, and nothing new begins beside them. A thread that does not answer cannot drain, and after a lost
 *           lease there is no time: then the attempts are handed back immediately. None of them is spent. The same happens
 *           in a thread whose graphs keep too much heap; then each run continues in a process of its own, because it may be
 *           the cause.
 */
import { waitOrAbort } from '@runlane/service-kit';
import { LeaseLost } from '../../../domain/abort-reasons.ts';
import type { RunSignals } from '../../../app/execution/execute-runs.ts';
import { claimKey } from '../../../domain/run.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { abortMessageOf } from './abort-message.ts';
import { BeginTicket } from './begin-ticket.ts';
import type { GraphHost } from './graph-host.ts';
import type { GraphThreadOptions } from './graph-thread-options.ts';
import type { HeapVerdict } from './heap-watch.ts';
import { LoadWatch } from './load-watch.ts';
import type { AttemptKey, FromWorker } from './messages.ts';
import { Pulse } from './pulse.ts';
import { NOT_BEGUN, ThreadAttempts } from './thread-attempts.ts';
import type { AttemptEnd } from './thread-attempts.ts';
import type { WorkerEnd } from './worker-events.ts';
import { blockedAtImport, fullHeap, handedBack } from './worker-outcomes.ts';

/** Milliseconds that a graph has after its abort before its thread is ended. */
const ABORT_GRACE_MS = 5_000;

/** After a lost lease another process may start the run at any moment, so the wait is short. */
const LEASE_LOST_GRACE_MS = 500;

/** Time limit for sending the last traces, in milliseconds: a collector that is away must not delay the end of the service. */
const TRACES_MS = 3_000;

export class GraphThread {
  readonly #options: GraphThreadOptions;
  readonly #host: GraphHost;
  readonly #attempts = new ThreadAttempts();
  readonly #ready = Promise.withResolvers<void>();
  readonly #loading: LoadWatch;
  readonly #finished = new AbortController();
  readonly #pulse: Pulse | null;
  #isLeaving = false;
  #isFinishing = false;
  #isEnding = false;
  #isGone = false;
  /** Its graphs keep more heap than they may. Each may be the cause, so each continues in a process of its own. */
  #isFull = false;
  #grace: NodeJS.Timeout | undefined;

  constructor(options: GraphThreadOptions) {
    this.#options = options;
    this.#host = options.startHost({
      onMessage: (message) => this.#receive(message),
      onEnd: (error, crashed) => this.#ended(error, crashed),
      isBusy: () => this.#attempts.size > 0,
      onFull: (verdict) => this.#full(verdict),
    });
    this.#loading = new LoadWatch(options.loadLimitMs, (graphId) => void this.#blocked(graphId));
    this.#pulse = options.sharesMemory ? this.#newPulse() : null;
  }

  /** Resolves when the graphs are loaded. Rejects when the thread ends earlier. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get activeCount(): number {
    return this.#attempts.size;
  }

  /** Whether it takes attempts: it answers, and is not being ended. */
  get isActive(): boolean {
    return !this.#isGone && !this.#isLeaving && (this.#pulse?.isAnswering ?? true);
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Runs one attempt; never rejects. */
  run(run: ClaimedRun, signals: RunSignals): Promise<AttemptEnd> {
    const key = claimKey(run);
    if (this.#isGone) return Promise.resolve(NOT_BEGUN);
    const ticket = this.#options.sharesMemory ? new BeginTicket() : null;
    const began = () => signals.began?.();
    const ended = this.#attempts.add(key, { graphId: run.graphId, ticket, began, isDeaf: false });
    this.#host.send({ type: 'start', key, run, ticket: ticket?.buffer ?? null });
    // A process of its own exists for this run alone, so its start counts as that of the run.
    if (ticket === null) signals.began?.();
    const onDrain = () => this.#host.send({ type: 'drain', key });
    const onAbort = () => this.#abort(key, signals.abort);
    signals.drain.addEventListener('abort', onDrain, { once: true });
    signals.abort.addEventListener('abort', onAbort, { once: true });
    if (signals.drain.aborted) onDrain();
    if (signals.abort.aborted) onAbort();
    return ended.finally(() => {
      signals.drain.removeEventListener('abort', onDrain);
      signals.abort.removeEventListener('abort', onAbort);
    });
  }

  /** Takes no new attempt, and ends when its last attempt has ended. */
  leave(): void {
    if (this.#isGone || this.#isLeaving) return;
    this.#isLeaving = true;
    this.#options.onChange?.();
    this.#endIfOnlyDeaf();
  }

  /** Ends the thread when the traces of its runs are sent, or in a few seconds; attempts in it are handed back unspent. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.leave();
    if (this.#options.isTraced && !this.#isGone && (this.#pulse?.isAnswering ?? true)) {
      this.#host.send({ type: 'finish' });
      await waitOrAbort(TRACES_MS, this.#finished.signal);
    }
    await this.terminate();
  }

  /** Ends the thread immediately; attempts in it are handed back unspent. */
  terminate(): Promise<void> {
    return this.#terminate(false);
  }

  async #terminate(isByGraph: boolean): Promise<void> {
    this.#isEnding = true;
    if (!this.#isLeaving) {
      this.#isLeaving = true;
      this.#options.onChange?.();
    }
    // I9: a graph is over when its thread is.
    await this.#host.terminate();
    this.#gone(this.#isFull ? this.#fullHeap() : 'its worker thread was ended', isByGraph);
  }

  async #endFor(why: WorkerEnd): Promise<void> {
    if (!this.#isGone && !this.#isEnding) this.#options.onEvent?.({ kind: 'ended', why });
    await this.#terminate(why === 'full_heap');
  }

  #newPulse(): Pulse {
    return new Pulse({
      ask: () => this.#host.send({ type: 'ping' }),
      onAnswered: (afterMs) => this.#options.onAnswered?.(afterMs),
      onAnswer: () => this.#options.onChange?.(),
      onSilent: () => {
        // One of those that are left is the cause.
        this.#attempts.takeBack();
        this.#options.logger.warn(this.#attempts.told, 'worker.silent');
        this.#options.onEvent?.({ kind: 'silent' });
        this.#options.onChange?.();
      },
    });
  }

  #abort(key: AttemptKey, signal: AbortSignal): void {
    const attempt = this.#attempts.get(key);
    if (attempt === undefined) return;
    const reason: unknown = signal.reason;
    this.#host.send({ type: 'abort', key, reason: abortMessageOf(reason) });
    const isLost = reason instanceof LeaseLost;
    const graceMs = isLost ? LEASE_LOST_GRACE_MS : ABORT_GRACE_MS;
    const timer = setTimeout(() => {
      // The same run may have been placed here again, under the same claim.
      if (this.#attempts.get(key) !== attempt) return;
      const { graphId } = attempt;
      this.#options.logger.warn({ attempt_key: key, graph_id: graphId, grace_ms: graceMs }, 'graph.ignored_abort');
      attempt.isDeaf = true;
      // Some graphs end soon, but not within the short time after a lost lease.
      if (!isLost) this.#options.onEvent?.({ kind: 'deaf', graphId });
      if (isLost || !(this.#pulse?.isAnswering ?? false)) void this.#endFor('deaf_graph');
      else this.#evacuate('deaf_graph');
    }, graceMs);
    timer.unref();
  }

  /** The other attempts stop at their next superstep; then the thread ends, with the deaf ones. */
  #evacuate(why: WorkerEnd): void {
    this.leave();
    for (const key of this.#attempts.keysOf(({ isDeaf }) => !isDeaf)) this.#host.send({ type: 'drain', key });
    this.#grace ??= setTimeout(() => void this.#endFor(why), this.#options.drainGraceMs).unref();
    this.#endIfOnlyDeaf();
  }

  #fullHeap(): string {
    return fullHeap(this.#options.memoryMb);
  }

  #full(verdict: HeapVerdict): void {
    if (this.#isGone || this.#isEnding) return;
    this.#isFull = true;
    this.#options.logger.warn(
      { ...this.#attempts.told, verdict, limit_mb: this.#options.memoryMb },
      'worker.full_heap',
    );
    if (verdict === 'far') void this.#endFor('full_heap');
    else this.#evacuate('full_heap');
  }

  #endIfOnlyDeaf(): void {
    if (!this.#isLeaving || this.#isEnding || this.#isGone) return;
    const attempts = this.#attempts.all;
    if (attempts.length === 0) {
      if (!this.#isFinishing) void this.finish();
    } else if (attempts.every(({ isDeaf }) => isDeaf)) void this.#endFor('deaf_graph');
    else if (!this.#isFull && !attempts.some(({ isDeaf }) => isDeaf)) {
      // No run needs the thread to be ended any more: the others keep their time, until one of them ignores its abort.
      clearTimeout(this.#grace);
      this.#grace = undefined;
    }
  }

  #receive(message: FromWorker): void {
    this.#loading.heard();
    switch (message.type) {
      case 'loading':
        this.#loading.began(message.graphId);
        return;
      case 'loaded':
        this.#loading.ended(message.graphId);
        return;
      case 'ready':
        this.#loading.stop();
        this.#ready.resolve();
        this.#pulse?.answered();
        return;
      case 'pong':
        this.#pulse?.answered();
        return;
      case 'finished':
        this.#finished.abort();
        return;
      case 'met':
        this.#options.onEvent?.(message.event);
        return;
      case 'began':
        this.#attempts.get(message.key)?.began();
        return;
      case 'ended':
        this.#attempts.end(message.key, this.#apartIfFull(message.outcome));
        this.#endIfOnlyDeaf();
        return;
    }
  }

  #apartIfFull(outcome: Outcome): Outcome {
    return this.#isFull && outcome.kind === 'handed_back' ? { ...outcome, isolate: true } : outcome;
  }

  async #blocked(graphId: string): Promise<void> {
    if (this.#isGone || this.#isEnding) return;
    this.#options.logger.error({ graph_id: graphId }, 'graph.blocks_at_import');
    this.#options.onBlocked?.(graphId);
    for (const key of this.#attempts.keysOf((attempt) => attempt.graphId === graphId)) {
      this.#attempts.end(key, blockedAtImport(graphId, this.#options.loadLimitMs));
    }
    // Attempts that execute beside the import end with the thread (I9). Without such attempts nothing is waited for, because
    // an import that waits in native code does not let its thread end.
    if (this.#attempts.size > 0) await this.#endFor('blocking_import');
    else {
      this.#options.onEvent?.({ kind: 'ended', why: 'blocking_import' });
      this.#isEnding = true;
      void this.#host.terminate();
      this.#gone(`the import of graph ${graphId} blocked it`, false);
    }
  }

  #ended(error: Error, crashed: boolean): void {
    if (this.#isGone || this.#isEnding) return;
    this.#options.logger.error({ err: error, attempts: this.#attempts.keys }, 'worker.crashed');
    if (crashed) this.#options.onEvent?.({ kind: 'ended', why: 'crashed' });
    this.#gone(`its worker thread crashed: ${error.message}`, crashed);
  }

  /** `isByGraph`: one of the graphs that execute in it is the cause. */
  #gone(why: string, isByGraph: boolean): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#loading.stop();
    this.#pulse?.stop();
    this.#finished.abort();
    clearTimeout(this.#grace);
    this.#ready.reject(new Error(`The worker thread is gone: ${why}`));
    // A caller that awaits it gets the error; if nobody awaits it, the error must not end the process.
    this.#ready.promise.catch(() => undefined);
    this.#attempts.takeBack();
    // Which of several was the cause is seen when each is alone, and then that one spends its attempts.
    const isolate = isByGraph || this.#isFull;
    this.#attempts.endAll(handedBack(why, { isolate, spendsAttempt: isByGraph && this.#attempts.size === 1 }));
    this.#options.onGone(isByGraph);
  }
}
