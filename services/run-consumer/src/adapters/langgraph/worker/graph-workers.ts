/**
 * Purpose   The worker threads of a process: places each attempt in the thread with the fewest, replaces threads that
 *           are gone.
 * I10       A run that may take its thread or process down, because it was there when they went, gets a process of its
 *           own, which ends with it.
 */
import { backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { GraphRunner, RunSignals } from '../../../app/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { startThread } from './graph-host.ts';
import type { HostOptions } from './graph-host.ts';
import { GraphThread } from './graph-thread.ts';
import { LeaseEnd } from './lease-end.ts';
import { startOwnProcess } from './own-process.ts';
import { Turns } from './turns.ts';

export type GraphWorkersOptions = Omit<HostOptions, 'leaseEnd'> & {
  /** Threads that are kept running. */
  threadCount: number;
  /** How long a lease lasts, in milliseconds: a run's own process ends when it hears nothing for half of it. */
  leaseMs: number;
  logger: Logger;
};

/** Waits between replacements of threads that end while they load. */
const RESPAWN = { baseMs: 200, maxMs: 10_000 };

/** Processes of single runs at the same time: a crash can leave many such runs, and each process takes its own memory. */
const MAX_APART = 4;

export class GraphWorkers {
  /** When the lease ends under which they execute: no superstep begins after it. To be moved with each renewal. */
  readonly leaseEnd = new LeaseEnd();
  readonly #options: GraphWorkersOptions & HostOptions;
  readonly #shared = new Set<GraphThread>();
  readonly #solo = new Set<GraphThread>();
  readonly #apart = new Turns(MAX_APART);
  readonly #stopping = new AbortController();
  #failedStarts = 0;
  #isStopped = false;

  constructor(options: GraphWorkersOptions) {
    this.#options = { ...options, leaseEnd: this.leaseEnd };
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
    this.#stopping.abort();
    await Promise.all([...this.#shared, ...this.#solo].map((thread) => thread.terminate()));
  }

  async #runAlone(run: ClaimedRun, signals: RunSignals): Promise<Outcome> {
    if (!(await this.#apart.take(AbortSignal.any([signals.abort, signals.drain, this.#stopping.signal])))) {
      const error = { error: 'WorkerGone', message: 'it was stopped while it waited for a process of its own' };
      return { kind: 'handed_back', spendsAttempt: false, isolate: true, error };
    }
    const thread = new GraphThread({
      startHost: (events) => startOwnProcess(this.#options, this.#options.leaseMs / 2, events),
      logger: this.#options.logger,
      onGone: () => this.#solo.delete(thread),
    });
    this.#solo.add(thread);
    try {
      const outcome = await thread.run(run, signals);
      // Only its end tells whether the run was to blame: until then it stays apart.
      return outcome.kind === 'handed_back' ? { ...outcome, isolate: true } : outcome;
    } finally {
      await thread.terminate();
      this.#apart.release();
    }
  }

  #leastBusy(): GraphThread {
    const [first, ...others] = this.#shared;
    // All may be gone for a moment, while their replacement waits.
    if (first === undefined) return this.#addShared();
    return others.reduce((least, thread) => (thread.activeCount < least.activeCount ? thread : least), first);
  }

  #addShared(): GraphThread {
    const thread = new GraphThread({
      startHost: (events) => startThread(this.#options, events),
      logger: this.#options.logger,
      onGone: () => this.#replace(thread),
    });
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
