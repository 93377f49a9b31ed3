import { randomUUID } from 'node:crypto';
import { waitOrAbort } from '@runlane/service-kit';
import { LOAD_LIMIT_MS } from '../adapters/langgraph/graphs/load-limit.ts';
import type { LangGraphProject } from '../adapters/langgraph/project/langgraph-json.ts';
import { GraphWorkers } from '../adapters/langgraph/worker/graph-workers.ts';
import type { WorkerEvent } from '../adapters/langgraph/worker/worker-events.ts';
import { tracedRunner } from '../adapters/tracing/attempt-spans.ts';
import { createRunClaims } from '../adapters/postgres/run-claims.ts';
import { createServedGraphs } from '../adapters/postgres/served-graphs.ts';
import { createExecutorLeases } from '../adapters/postgres/run-store.ts';
import { createThreadCheckpoints } from '../adapters/postgres/thread-checkpoints.ts';
import { RunExecutor } from '../app/execution/execute-runs.ts';
import { serveGraphsUntil } from '../app/execution/serve-graphs.ts';
import { HostClock } from '../app/execution/host-clock.ts';
import { ExecutorLease } from '../app/execution/hold-executor-lease.ts';
import type { SettleQueue } from '../app/execution/settle-runs.ts';
import type { Metrics } from '../metrics.ts';
import { serviceVersion } from '../version.ts';
import type { Foundation } from './foundation.ts';
import { loaderCacheSettings } from './loader-cache.ts';
import { reportAttempt } from './report-attempt.ts';

/** Longest time between two looks for ready runs, in milliseconds: the cost of a lost hint. */
const CLAIM_POLL_MS = 1_000;

/** Postgres connections of each worker thread: one for group commits, the others for reading checkpoints. */
const WORKER_POOL_SIZE = 4;

export type Execution = {
  executor: RunExecutor;
  lease: ExecutorLease;
  clock: HostClock;
  /** Ends when claiming has ended, after `intake` aborted. */
  claiming: Promise<void>;
  /** Ends when renewing has ended, after `background` aborted. */
  renewing: Promise<void>;
  /** Ends with it. */
  heeding: Promise<void>;
  /** Ends with claiming. */
  serving: Promise<void>;
};

/** The worker threads of the process. `env` of langgraph.json reaches the graphs in them, and nothing else. */
export function createWorkers(
  { config, logger, metrics, access, tracingSettings }: Foundation,
  project: LangGraphProject,
  environment: NodeJS.ProcessEnv,
): GraphWorkers {
  return new GraphWorkers({
    settings: {
      database: { DATABASE_URL: config.DATABASE_URL, secretFiles: config.secretFiles },
      checkpointSchema: config.RUNLANE_CHECKPOINT_SCHEMA,
      poolSize: WORKER_POOL_SIZE,
      directory: project.directory,
      graphs: project.graphs,
      tsconfig: project.tsconfig,
      loadLimitMs: LOAD_LIMIT_MS,
      store: project.store,
      stackLength: config.RUNLANE_ERROR_STACK_LENGTH,
      tellsModules: config.RUNLANE_RELOAD_GRAPHS,
      logLevel: config.RUNLANE_LOG_LEVEL,
      tracing: tracingSettings,
    },
    environment: { ...environment, ...loaderCacheSettings(logger), ...project.env, PWD: project.directory },
    memoryMb: config.RUNLANE_WORKER_MEMORY_MB,
    threadCount: config.RUNLANE_WORKER_THREADS,
    nodeCacheMb: config.RUNLANE_NODE_CACHE_MB,
    drainGraceMs: config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000,
    leaseMs: config.RUNLANE_LEASE_SECONDS * 1_000,
    onEvent: (event) => (event.kind === 'refused' ? access.refused(event.refusal) : countWorkerEvent(metrics, event)),
    onAnswered: (afterMs) => metrics.workerDelay.observe(afterMs / 1_000),
    onHeapMeasured: (part) => metrics.workerHeap.observe(part),
    logger,
  });
}

function countWorkerEvent(metrics: Metrics, event: Exclude<WorkerEvent, { kind: 'refused' }>): void {
  switch (event.kind) {
    case 'uncaught_error':
      return metrics.uncaughtErrors.inc({ graph_id: event.graphId === null ? '' : metrics.graphLabel(event.graphId) });
    case 'deaf':
      return metrics.deafGraphs.inc({ graph_id: metrics.graphLabel(event.graphId) });
    case 'silent':
      return metrics.silentWorkers.inc();
    case 'ended':
      return metrics.endedWorkers.inc({ why: event.why });
  }
}

/**
 * Starts to claim and execute runs.
 *
 * @param graphIds the graphs that the process executes; it claims no run of others
 * @param signals `intake` aborts when no more runs shall be claimed; `background` when the last run is settled, so that the
 *   lease is not needed any more
 */
export function startExecution(
  signals: { intake: AbortSignal; background: AbortSignal },
  foundation: Foundation,
  workers: GraphWorkers,
  graphIds: readonly string[],
  settle: SettleQueue,
): Execution {
  const { database, leaseDatabase, config, hints, metrics, logger, host, wakeups, tracing } = foundation;
  const clock = new HostClock({ monotonicMs: () => performance.now(), logger });
  const lease = new ExecutorLease({
    leases: createExecutorLeases(leaseDatabase),
    newExecutorId: randomUUID,
    description: { host, version: serviceVersion, graphIds },
    leaseMs: config.RUNLANE_LEASE_SECONDS * 1_000,
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    onClock: (...times) => clock.note(...times),
    delay: waitOrAbort,
    onLost: (reason) => {
      metrics.leaseLosses.inc();
      executor.abortAll(reason);
    },
    onHeldUntil: (endsAtMs) => workers.leaseEnd.moveTo(endsAtMs, clock.offsetMs),
    onHeld: () => wakeups.runsReady.notify(),
    onRenewing: () => executor.watchClaims(),
    logger,
  });
  const executor = new RunExecutor({
    claims: createRunClaims(database, graphIds, createThreadCheckpoints(config.RUNLANE_CHECKPOINT_SCHEMA)),
    settle,
    lease,
    mayClaim: () => clock.problem === null && !workers.leaseEnd.isClockWrong(),
    runGraph: tracing === null ? workers.run : tracedRunner(tracing, workers.run),
    hints,
    ready: wakeups.runsReady,
    stops: wakeups.stopsRequested,
    onClaimed: ({ readySeconds }) => {
      if (readySeconds !== null) metrics.startDelay.observe(readySeconds);
    },
    onAttempt: (run, outcome, durationMs) => reportAttempt(foundation, run, outcome, durationMs),
    monotonicMs: () => performance.now(),
    logger,
    settings: {
      maxConcurrentRuns: config.RUNLANE_MAX_CONCURRENT_RUNS,
      runTimeoutSeconds: config.RUNLANE_RUN_TIMEOUT_SECONDS,
      valuesMaxBytes: config.RUNLANE_VALUES_MAX_BYTES,
      pollMs: CLAIM_POLL_MS,
    },
  });
  // Prometheus sees no increase in the first sample of a series: without a 0 before it, the first event would raise no alarm.
  for (const id of graphIds) metrics.deafGraphs.inc({ graph_id: metrics.graphLabel(id) }, 0);
  metrics.executing(() => executor.activeCount);
  metrics.capacity(() => config.RUNLANE_MAX_CONCURRENT_RUNS);
  metrics.clockOffset(() => clock.offsetMs / 1_000);
  metrics.leaseHeld(() => (lease.executorId === null ? 0 : 1));
  return {
    executor,
    lease,
    clock,
    renewing: lease.holdUntil(signals.background),
    serving: serveGraphsUntil(signals.intake, {
      served: createServedGraphs(leaseDatabase),
      graphIds,
      delay: waitOrAbort,
      logger,
    }),
    heeding: executor.heedStopsUntil(signals.background),
    claiming: executor.claimUntil(signals.intake),
  };
}
