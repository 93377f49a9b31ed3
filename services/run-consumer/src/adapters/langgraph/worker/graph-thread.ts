/**
 * Purpose   The main thread's side of one worker thread.
 * Owns      The thread and the attempts that run in it. An attempt always gets an outcome: the graph's own, or that of
 *           the thread's end.
 * States    loading ──ready──▶ working ──crash | terminate──▶ gone
 * I3, I9    A graph that does not end after its abort is ended with its thread, so that an abort always ends. The other
 *           attempts of that thread go on elsewhere, and none of them is spent.
 */
import { Worker } from 'node:worker_threads';
import { LeaseLost } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { RunSignals } from '../../../app/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { abortMessageOf } from './abort-message.ts';
import type { AttemptKey, FromWorker, ToWorker, WorkerSettings } from './messages.ts';

export type GraphThreadOptions = {
  settings: WorkerSettings;
  /** The graphs' environment. */
  environment: NodeJS.ProcessEnv;
  /** Heap of the thread in MiB; above it the thread ends, and only the thread. */
  memoryMb: number;
  logger: Logger;
  onGone: () => void;
};

/** Milliseconds that a graph has after its abort before its thread is ended. */
const ABORT_GRACE_MS = 5_000;

/** After a lost lease another process may start the run at any moment, so there is no time to be patient. */
const LEASE_LOST_GRACE_MS = 500;

const ENTRY = new URL('./entry.ts', import.meta.url);

export class GraphThread {
  readonly #options: GraphThreadOptions;
  readonly #worker: Worker;
  readonly #attempts = new Map<AttemptKey, (outcome: Outcome) => void>();
  readonly #ready = Promise.withResolvers<void>();
  #isGone = false;
  #endsOnPurpose = false;

  constructor(options: GraphThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(ENTRY, {
      workerData: options.settings,
      env: options.environment,
      resourceLimits: { maxOldGenerationSizeMb: options.memoryMb },
      name: 'graphs',
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#crashed(error));
    this.#worker.on('exit', (code) => this.#crashed(new Error(`The worker thread ended with code ${code}.`)));
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
    const key = `${run.runId}/${run.fencingToken}`;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    if (this.#isGone) return Promise.resolve(handedBack('its worker thread had ended', false));
    this.#attempts.set(key, resolve);
    this.#send({ type: 'start', key, run });
    const onDrain = () => this.#send({ type: 'drain', key });
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
    this.#endsOnPurpose = true;
    this.#gone('its worker thread was ended');
    await this.#worker.terminate();
  }

  #abort(key: AttemptKey, signal: AbortSignal): void {
    if (!this.#attempts.has(key)) return;
    const reason: unknown = signal.reason;
    this.#send({ type: 'abort', key, reason: abortMessageOf(reason) });
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

  #crashed(error: Error): void {
    if (this.#isGone) return;
    this.#options.logger.error({ err: error, attempts: [...this.#attempts.keys()] }, 'worker.crashed');
    this.#gone(`its worker thread crashed: ${error.message}`);
  }

  #gone(why: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#ready.reject(new Error(`The worker thread is gone: ${why}`));
    // Whoever awaits it hears of it; a thread that nobody awaits must not end the process by it.
    this.#ready.promise.catch(() => undefined);
    for (const resolve of this.#attempts.values()) resolve(handedBack(why, !this.#endsOnPurpose));
    this.#attempts.clear();
    this.#options.onGone();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
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
