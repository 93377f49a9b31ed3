/**
 * Purpose   The main thread's side of one worker thread, be it in this process or in one of its own.
 * Owns      The thread and the attempts that run in it. An attempt always gets an outcome: the graph's own, or that of
 *           the thread's end.
 * States    loading ──ready──▶ working ──crash | terminate──▶ gone
 * I3, I9    A graph that does not end after its abort is ended with its thread, so that an abort always ends. The other
 *           attempts of that thread go on elsewhere, and none of them is spent.
 */
import { LeaseLost } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { RunSignals } from '../../../app/execute-runs.ts';
import { claimKey } from '../../../domain/run.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { abortMessageOf } from './abort-message.ts';
import type { GraphHost, HostEvents } from './graph-host.ts';
import type { AttemptKey, FromWorker } from './messages.ts';

export type GraphThreadOptions = {
  /** Starts what the graphs execute in. */
  startHost: (events: HostEvents) => GraphHost;
  logger: Logger;
  onGone: () => void;
};

/** Milliseconds that a graph has after its abort before its thread is ended. */
const ABORT_GRACE_MS = 5_000;

/** After a lost lease another process may start the run at any moment, so there is no time to be patient. */
const LEASE_LOST_GRACE_MS = 500;

export class GraphThread {
  readonly #options: GraphThreadOptions;
  readonly #host: GraphHost;
  readonly #attempts = new Map<AttemptKey, (outcome: Outcome) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #isGone = false;

  constructor(options: GraphThreadOptions) {
    this.#options = options;
    this.#host = options.startHost({
      onMessage: (message) => this.#receive(message),
      onEnd: (error, crashed) => this.#ended(error, crashed),
    });
  }

  /** Resolves when the graphs are loaded. Rejects when the thread ended before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get activeCount(): number {
    return this.#attempts.size;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Runs one attempt; never rejects. */
  run(run: ClaimedRun, signals: RunSignals): Promise<Outcome> {
    const key = claimKey(run);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    if (this.#isGone) return Promise.resolve(handedBack('its worker thread had ended', false));
    this.#attempts.set(key, resolve);
    this.#host.send({ type: 'start', key, run });
    signals.began?.();
    const onDrain = () => this.#host.send({ type: 'drain', key });
    const onAbort = () => this.#abort(key, signals.abort);
    signals.drain.addEventListener('abort', onDrain, { once: true });
    signals.abort.addEventListener('abort', onAbort, { once: true });
    if (signals.drain.aborted) onDrain();
    if (signals.abort.aborted) onAbort();
    return promise.finally(() => {
      signals.drain.removeEventListener('abort', onDrain);
      signals.abort.removeEventListener('abort', onAbort);
    });
  }

  /** Ends the thread; attempts in it are handed back unspent. */
  async terminate(): Promise<void> {
    this.#gone('its worker thread was ended', false);
    await this.#host.terminate();
  }

  #abort(key: AttemptKey, signal: AbortSignal): void {
    if (!this.#attempts.has(key)) return;
    const reason: unknown = signal.reason;
    this.#host.send({ type: 'abort', key, reason: abortMessageOf(reason) });
    const graceMs = reason instanceof LeaseLost ? LEASE_LOST_GRACE_MS : ABORT_GRACE_MS;
    const timer = setTimeout(() => {
      if (!this.#attempts.has(key)) return;
      this.#options.logger.warn({ attempt_key: key, grace_ms: graceMs }, 'graph.ignored_abort');
      void this.terminate();
    }, graceMs);
    timer.unref();
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.#ready.resolve();
        return;
      case 'ended': {
        const resolve = this.#attempts.get(message.key);
        this.#attempts.delete(message.key);
        resolve?.(message.outcome);
        return;
      }
    }
  }

  #ended(error: Error, crashed: boolean): void {
    if (this.#isGone) return;
    this.#options.logger.error({ err: error, attempts: [...this.#attempts.keys()] }, 'worker.crashed');
    this.#gone(`its worker thread crashed: ${error.message}`, crashed);
  }

  #gone(why: string, crashed: boolean): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#ready.reject(new Error(`The worker thread is gone: ${why}`));
    // Whoever awaits it hears of it; a thread that nobody awaits must not end the process by it.
    this.#ready.promise.catch(() => undefined);
    for (const resolve of this.#attempts.values()) resolve(handedBack(why, crashed));
    this.#attempts.clear();
    this.#options.onGone();
  }
}

/** `crashed`: the attempt is spent, and the run goes on alone, so that others do not share its next crash. */
function handedBack(why: string, crashed: boolean): Outcome {
  return {
    kind: 'handed_back',
    spendsAttempt: crashed,
    isolate: crashed,
    error: { error: 'WorkerGone', message: why },
  };
}
