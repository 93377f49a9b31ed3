/**
 * Purpose   The worker threads that runs share: places each attempt in the thread with the fewest attempts, and replaces
 *           threads that are gone or being ended.
 * I10       An attempt that has not begun when its thread falls silent or ends is placed in another thread, unspent. When no
 *           thread answers, one more is started, up to SPARE_THREADS; attempts wait until one answers. A graph whose import
 *           blocks its thread is left out of later threads.
 */
import { EventEmitter, once } from 'node:events';
import { backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { GraphRunner } from '../../../app/execution/execute-runs.ts';
import type { NodeCache } from '../cache/node-cache.ts';
import { startThread } from './graph-host.ts';
import { isTraced } from './flush-traces.ts';
import type { HostOptions } from './graph-host.ts';
import type { WorkerSettings } from './messages.ts';
import { GraphThread } from './graph-thread.ts';
import { NOT_BEGUN } from './thread-attempts.ts';
import type { OnWorkerEvent } from './worker-events.ts';
import { blockedAtImport, stoppedWaiting } from './worker-outcomes.ts';

export type ThreadPoolOptions = Omit<HostOptions, 'answerCache'> & {
  /** Cached results of the graphs in the threads that start now, which have the latest code. */
  nodeCache: () => NodeCache;
  /** Threads that are kept running. */
  threadCount: number;
  /** See GraphThreadOptions. */
  drainGraceMs: number;
  /** Graphs that are not loaded any more, because their import has blocked a thread; added to. */
  blocking: Set<string>;
  /** Default: a worker thread of this process. */
  startHost?: typeof startThread;
  /** A number in [0, 1) for each wait. Default: Math.random. */
  random?: () => number;
  onEvent?: OnWorkerEvent | undefined;
  /** See GraphThreadOptions. */
  onAnswered?: ((afterMs: number) => void) | undefined;
  logger: Logger;
};

/** Waits between replacements of threads that crash before they have lived for SETTLED_MS. */
const RESPAWN = { baseMs: 200, maxMs: 10_000 };

/** Milliseconds after which a thread counts as one that starts well. */
const SETTLED_MS = 60_000;

/** Extra threads, while some of the kept ones are blocked or leaving. Each takes memory and connections of its own. */
const SPARE_THREADS = 2;

export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Set<GraphThread>();
  readonly #loading = new Set<GraphThread>();
  /** Threads with old code; they only finish the attempts that they have begun. */
  readonly #outdated = new Set<GraphThread>();
  /** Waiting attempts; never more than the runs that this process may execute. */
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #stopping = new AbortController();
  #isStarting = false;
  #shortLives = 0;
  #reloadCount = 0;
  #reloading = Promise.resolve();
  #respawn: NodeJS.Timeout | undefined;

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
  }

  /**
   * Starts the threads; resolves when their graphs are loaded or have failed to load. Rejects when a thread cannot start. A
   * pool that was not started starts with its first run.
   */
  async start(): Promise<void> {
    this.#isStarting = true;
    await this.#startAll();
    await this.#reloading;
  }

  readonly run: GraphRunner = async (run, signals) => {
    const stop = AbortSignal.any([signals.abort, signals.drain, this.#stopping.signal]);
    for (;;) {
      const { blocking, settings } = this.#options;
      if (blocking.has(run.graphId)) return blockedAtImport(run.graphId, settings.loadLimitMs);
      // Choosing and posting is one step, so that the next choice counts this attempt.
      const thread = this.#leastBusy();
      if (thread !== null) {
        const outcome = await thread.run(run, signals);
        if (outcome !== NOT_BEGUN) return outcome;
      } else if (stop.aborted) {
        return stoppedWaiting('a worker thread', false);
      } else {
        // All kept threads may be blocked; then a thread that still loads will take the attempt.
        if (this.#loading.size === 0) this.#addWithinBounds();
        await once(this.#changes, 'change', { signal: stop }).catch(() => undefined);
      }
    }
  };

  /**
   * Loads the graphs anew, in new threads. Attempts that have begun end in their threads; all others begin in the new ones.
   * Resolves
   * when they are loaded.
   */
  reload(): Promise<void> {
    for (const thread of this.#threads) {
      this.#threads.delete(thread);
      this.#loading.delete(thread);
      this.#outdated.add(thread);
      thread.leave();
    }
    this.#shortLives = 0;
    this.#reloadCount += 1;
    this.#options.blocking.clear();
    this.#reloading = this.#startAll();
    return this.#reloading;
  }

  /** Attempts that execute in it. */
  get activeCount(): number {
    return [...this.#threads, ...this.#outdated].reduce((count, thread) => count + thread.activeCount, 0);
  }

  /** Ends every thread, after the traces of its runs are sent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#respawn);
    await Promise.all([...this.#threads, ...this.#outdated].map((thread) => thread.finish()));
  }

  async #startAll(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.threadCount }, () => this.#startOne()));
    this.#isStarting = false;
    this.#changed();
  }

  async #startOne(): Promise<void> {
    const reloadCount = this.#reloadCount;
    for (;;) {
      const blockingCount = this.#options.blocking.size;
      try {
        await this.#add().ready;
        return;
      } catch (error) {
        // It makes room for a thread with the latest code.
        if (this.#reloadCount !== reloadCount) return;
        if (this.#options.blocking.size === blockingCount || this.#stopping.signal.aborted) throw error;
      }
    }
  }

  #leastBusy(): GraphThread | null {
    const [first, ...others] = this.#active();
    if (first === undefined) return null;
    return others.reduce((least, thread) => (thread.activeCount < least.activeCount ? thread : least), first);
  }

  #active(): GraphThread[] {
    return [...this.#threads].filter((thread) => thread.isActive);
  }

  #addWithinBounds(): void {
    if (this.#respawn === undefined && !this.#isFull() && !this.#stopping.signal.aborted) this.#add();
  }

  #isFull(): boolean {
    return this.#threads.size >= this.#options.threadCount + SPARE_THREADS;
  }

  #isShort(): boolean {
    return [...this.#threads].filter((thread) => !thread.isLeaving).length < this.#options.threadCount;
  }

  #add(): GraphThread {
    const startedMs = performance.now();
    const cache = this.#options.nodeCache();
    const answerCache: HostOptions['answerCache'] = (request) => cache.answer(request);
    const thread = new GraphThread({
      startHost: (events) =>
        (this.#options.startHost ?? startThread)({ ...this.#options, settings: this.#settings(), answerCache }, events),
      sharesMemory: true,
      loadLimitMs: this.#options.settings.loadLimitMs,
      onBlocked: (graphId) => this.#options.blocking.add(graphId),
      onEvent: this.#options.onEvent,
      onAnswered: this.#options.onAnswered,
      drainGraceMs: this.#options.drainGraceMs,
      isTraced: isTraced(this.#options.environment),
      memoryMb: this.#options.memoryMb,
      logger: this.#options.logger,
      onChange: () => this.#changed(),
      onGone: (crashed) => {
        this.#threads.delete(thread);
        this.#loading.delete(thread);
        this.#outdated.delete(thread);
        if (performance.now() - startedMs >= SETTLED_MS) this.#shortLives = 0;
        else if (crashed) this.#shortLives += 1;
        this.#changed();
      },
    });
    this.#threads.add(thread);
    this.#loading.add(thread);
    thread.ready.then(
      () => this.#loading.delete(thread),
      () => this.#loading.delete(thread),
    );
    return thread;
  }

  #settings(): WorkerSettings {
    const { settings, blocking } = this.#options;
    return { ...settings, graphs: settings.graphs.filter(({ graphId }) => !blocking.has(graphId)) };
  }

  /** Makes sure that the wanted number of threads can take attempts sooner or later. */
  #changed(): void {
    if (this.#stopping.signal.aborted || this.#isStarting) return;
    if (this.#isShort()) this.#replace();
    // Extra threads are not needed any more when the blocked ones answer again.
    const surplus = this.#active().length - this.#options.threadCount;
    const idlest = this.#active().toSorted((one, other) => one.activeCount - other.activeCount);
    for (const thread of idlest.slice(0, Math.max(0, surplus))) thread.leave();
    this.#changes.emit('change');
  }

  #replace(): void {
    if (this.#respawn !== undefined) return;
    const waitMs =
      this.#shortLives === 0 ? 0 : backoff(this.#shortLives, RESPAWN, (this.#options.random ?? Math.random)());
    this.#respawn = setTimeout(() => {
      this.#respawn = undefined;
      if (this.#isShort()) this.#addWithinBounds();
      // When all extra threads are in use, this is called again when a leaving thread ends.
      if (this.#isShort() && !this.#isFull()) this.#replace();
    }, waitMs).unref();
  }
}
