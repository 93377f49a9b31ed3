/**
 * Purpose   The worker threads of a process: places each attempt in the thread with the fewest, replaces threads that
 *           are gone.
 * I10       A run whose process or thread died before gets a thread of its own, which ends with it.
 */
import { backoff } from '@runlane/service-kit';
import type { GraphRunner, RunSignals } from '../../../app/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { GraphThread } from './graph-thread.ts';
import type { GraphThreadOptions } from './graph-thread.ts';

export type GraphWorkersOptions = Omit<GraphThreadOptions, 'onGone'> & {
  /** Threads that are kept running. */
  threadCount: number;
};

/** Waits between replacements of threads that end while they load. */
const RESPAWN = { baseMs: 200, maxMs: 10_000 };

export class GraphWorkers {
  readonly #options: GraphWorkersOptions;
  readonly #shared = new Set<GraphThread>();
  readonly #solo = new Set<GraphThread>();
  #failedStarts = 0;
  #isStopped = false;

  constructor(options: GraphWorkersOptions) {
    this.#options = options;
  }

  /** Starts the threads; resolves when their graphs are loaded. Rejects when a thread cannot start. */
  async start(): Promise<void> {
    for (let count = 0; count < this.#options.threadCount; count += 1) this.#addShared();
    await Promise.all([...this.#shared].map((thread) => thread.ready));
  }

  readonly run: GraphRunner = (run, signals) =>
    run.isIsolated ? this.#runAlone(run, signals) : this.#leastBusy().run(run, signals);

  /** Ends every thread. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#shared, ...this.#solo].map((thread) => thread.terminate()));
  }

  async #runAlone(run: ClaimedRun, signals: RunSignals): Promise<Outcome> {
    const thread = new GraphThread({ ...this.#options, onGone: () => this.#solo.delete(thread) });
    this.#solo.add(thread);
    try {
      return await thread.run(run, signals);
    } finally {
      await thread.terminate();
    }
  }

  #leastBusy(): GraphThread {
    const [first, ...others] = this.#shared;
    // All may be gone for a moment, while their replacement waits.
    if (first === undefined) return this.#addShared();
    return others.reduce((least, thread) => (thread.activeCount < least.activeCount ? thread : least), first);
  }

  #addShared(): GraphThread {
    const thread = new GraphThread({ ...this.#options, onGone: () => this.#replace(thread) });
    this.#shared.add(thread);
    thread.ready.then(
      () => (this.#failedStarts = 0),
      () => (this.#failedStarts += 1),
    );
    return thread;
  }

  #replace(gone: GraphThread): void {
    this.#shared.delete(gone);
    if (this.#isStopped) return;
    const waitMs = this.#failedStarts === 0 ? 0 : backoff(this.#failedStarts, RESPAWN, Math.random());
    const timer = setTimeout(() => {
      if (!this.#isStopped && this.#shared.size < this.#options.threadCount) this.#addShared();
    }, waitMs);
    timer.unref();
  }
}
