/**
 * Purpose   Executes each attempt in a thread that is shared with others (thread-pool.ts), or in a process of its own.
 * I10       A run that may crash its thread or process, because it was executing when one died, gets a process of its own,
 *           which ends with the run. Graphs that did not end after an abort share separate threads for a while, so that no
 *           run of another graph is moved or cut off because of them.
 */
import { Turns } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { GraphRunner, RunSignals } from '../../../app/execution/execute-runs.ts';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { NodeCache } from '../cache/node-cache.ts';
import { isTraced } from './flush-traces.ts';
import type { HostOptions } from './graph-host.ts';
import { DeafGraphs } from './deaf-graphs.ts';
import { GraphThread } from './graph-thread.ts';
import { ROOM_MB } from './heap-watch.ts';
import { LeaseEnd } from './lease-end.ts';
import { startOwnProcess } from './own-process.ts';
import { NOT_BEGUN } from './thread-attempts.ts';
import { ThreadPool } from './thread-pool.ts';
import type { OnWorkerEvent, WorkerEvent } from './worker-events.ts';
import { stoppedWaiting } from './worker-outcomes.ts';

export type GraphWorkersOptions = Omit<HostOptions, 'leaseEnd' | 'roomMb' | 'answerCache'> & {
  /** See HostOptions. Default: more than any one allocation. */
  roomMb?: number;
  /** Threads that are kept running. */
  threadCount: number;
  /** MiB of cached results of nodes that all threads share (node-cache.ts). Default: 0, each thread has its own cache. */
  nodeCacheMb?: number;
  /** How long a run may take to end its superstep before its thread is ended because of another run, in milliseconds. */
  drainGraceMs: number;
  /** How long a lease lasts, in milliseconds: a run's own process ends when it hears nothing for half of it. */
  leaseMs: number;
  /** How long a graph that did not end after an abort is kept in a separate thread, in milliseconds. Default: ten minutes. */
  deafForMs?: number;
  onEvent?: OnWorkerEvent;
  /** See GraphThreadOptions. */
  onAnswered?: (afterMs: number) => void;
  /** See HeapWatchEvents. */
  onHeapMeasured?: (part: number) => void;
  logger: Logger;
};

/** Most processes of single runs at the same time: a crash can leave many such runs, and each process takes memory of its own. */
const MAX_APART = 4;

/** Milliseconds for which a deaf graph is remembered. */
const DEAF_FOR_MS = 600_000;

export class GraphWorkers {
  /** When the lease ends under which they execute: no superstep begins after it. Each renewal moves it. */
  readonly leaseEnd = new LeaseEnd();
  readonly #options: GraphWorkersOptions & Omit<HostOptions, 'answerCache'>;
  #cache: NodeCache;
  readonly #shared: ThreadPool;
  /** Null while no graph is known to be deaf. */
  #deafShared: ThreadPool | null = null;
  readonly #deaf: DeafGraphs;
  readonly #deafForMs: number;
  #forgetting: NodeJS.Timeout | undefined;
  /** Graphs whose import has blocked a thread. */
  readonly #blocking = new Set<string>();
  readonly #solo = new Set<GraphThread>();
  readonly #apart = new Turns(MAX_APART);
  readonly #stopping = new AbortController();

  constructor(options: GraphWorkersOptions) {
    const settings = { ...options.settings, sharesCaches: (options.nodeCacheMb ?? 0) > 0 };
    this.#options = { ...options, settings, roomMb: options.roomMb ?? ROOM_MB, leaseEnd: this.leaseEnd };
    this.#cache = this.#newCache();
    this.#deafForMs = options.deafForMs ?? DEAF_FOR_MS;
    this.#deaf = new DeafGraphs(this.#deafForMs, () => performance.now());
    this.#shared = this.#newPool(options.threadCount);
  }

  /** Starts the threads; resolves when their graphs are loaded. Rejects when a thread cannot start. */
  async start(): Promise<void> {
    await this.#shared.start();
  }

  /** Loads the graphs anew for the runs that begin from now on; resolves when they are loaded. */
  async reload(): Promise<void> {
    // Results that the old code still computes stay in the old cache.
    this.#cache = this.#newCache();
    await Promise.all([this.#shared.reload(), this.#deafShared?.reload()]);
  }

  readonly run: GraphRunner = (run, signals) => {
    if (run.isIsolated && !this.#blocking.has(run.graphId)) return this.#runAlone(run, signals);
    const pool = this.#deaf.has(run.graphId) ? this.#poolOfDeaf() : this.#shared;
    return pool.run(run, signals);
  };

  /** Ends every thread. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#forgetting);
    await Promise.all([
      this.#shared.stop(),
      this.#deafShared?.stop(),
      ...[...this.#solo].map((thread) => thread.finish()),
    ]);
  }

  #newCache(): NodeCache {
    return new NodeCache(Math.max(1, this.#options.nodeCacheMb ?? 0) * 1024 * 1024);
  }

  #newPool(threadCount: number): ThreadPool {
    return new ThreadPool({
      ...this.#options,
      threadCount,
      nodeCache: () => this.#cache,
      blocking: this.#blocking,
      onEvent: (event) => this.#happened(event),
    });
  }

  #happened(event: WorkerEvent): void {
    if (event.kind === 'deaf') {
      this.#deaf.remember(event.graphId);
      this.#forgetLater();
    }
    this.#options.onEvent?.(event);
  }

  #poolOfDeaf(): ThreadPool {
    this.#deafShared ??= this.#newPool(1);
    return this.#deafShared;
  }

  /** These threads take memory and connections, so they end when they are not needed. */
  #forgetLater(): void {
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => {
      if (!this.#deaf.isEmpty || (this.#deafShared?.activeCount ?? 0) > 0) return this.#forgetLater();
      const unused = this.#deafShared;
      this.#deafShared = null;
      void unused?.stop();
    }, this.#deafForMs).unref();
  }

  /** Its process loads no other graph. */
  #optionsFor({ graphId }: ClaimedRun): HostOptions {
    const { settings } = this.#options;
    const graphs = settings.graphs.filter((source) => source.graphId === graphId);
    const cache = this.#cache;
    return { ...this.#options, settings: { ...settings, graphs }, answerCache: (request) => cache.answer(request) };
  }

  async #runAlone(run: ClaimedRun, signals: RunSignals): Promise<Outcome> {
    if (!(await this.#apart.take(AbortSignal.any([signals.abort, signals.drain, this.#stopping.signal])))) {
      return stoppedWaiting('a process of its own', true);
    }
    const thread = new GraphThread({
      startHost: (events) => startOwnProcess(this.#optionsFor(run), this.#options.leaseMs / 2, events),
      sharesMemory: false,
      loadLimitMs: this.#options.settings.loadLimitMs,
      drainGraceMs: this.#options.drainGraceMs,
      isTraced: isTraced(this.#options.environment),
      onEvent: (event) => this.#happened(event),
      memoryMb: this.#options.memoryMb,
      logger: this.#options.logger,
      onGone: () => this.#solo.delete(thread),
    });
    this.#solo.add(thread);
    try {
      const outcome = await thread.run(run, signals);
      if (outcome === NOT_BEGUN) return stoppedWaiting('a process of its own', true);
      // Only its end shows whether the run was the cause: until then it stays in its own process.
      return outcome.kind === 'handed_back' ? { ...outcome, isolate: true } : outcome;
    } finally {
      await thread.finish();
      this.#apart.release();
    }
  }
}
