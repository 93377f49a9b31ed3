import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseStore } from '@langchain/langgraph-checkpoint';
import { GroupCommit, RunSaver, createBatchWriter } from '@runlane/checkpoint';
import type { GraphRegistry } from '../adapters/langgraph/graph-registry.ts';
import { createGraphRunner } from '../adapters/langgraph/graph-runner.ts';
import { createExecutorLeases, createRunClaims } from '../adapters/postgres/run-store.ts';
import { RunExecutor } from '../app/execute-runs.ts';
import { ExecutorLease } from '../app/hold-executor-lease.ts';
import type { SettleQueue } from '../app/settle-runs.ts';
import type { Foundation } from './foundation.ts';

/** Longest wait before ready runs are looked for unasked, in milliseconds: what a lost hint costs. */
const CLAIM_POLL_MS = 1_000;

export type Execution = {
  executor: RunExecutor;
  lease: ExecutorLease;
  /** Ends when claiming has ended, after `intake` aborted. */
  claiming: Promise<void>;
  /** Ends when renewing has ended, after `background` aborted. */
  renewing: Promise<void>;
};

/**
 * Starts to claim and execute runs.
 *
 * @param intake aborts when no more runs shall be claimed
 * @param background aborts when the last run is settled, and the lease need not be renewed any more
 */
export function startExecution(
  signals: { intake: AbortSignal; background: AbortSignal },
  foundation: Foundation,
  graphs: GraphRegistry,
  store: BaseStore,
  settle: SettleQueue,
): Execution {
  const { pool, config, hints, metrics, logger, host, wakeups } = foundation;
  const schema = config.RUNLANE_CHECKPOINT_SCHEMA;
  const commits = new GroupCommit(createBatchWriter(pool, schema));
  const lease = new ExecutorLease({
    leases: createExecutorLeases(pool),
    newExecutorId: randomUUID,
    host,
    leaseMs: config.RUNLANE_LEASE_SECONDS * 1_000,
    monotonicMs: () => performance.now(),
    delay: waitOrAbort,
    onLost: (reason) => {
      metrics.leaseLosses.inc();
      executor.abortAll(reason);
    },
    onHeld: () => wakeups.runsReady.notify(),
    logger,
  });
  const executor = new RunExecutor({
    claims: createRunClaims(pool),
    settle,
    lease,
    runGraph: createGraphRunner({
      graphs,
      newSaver: ({ runId, fencingToken }, onRefused) =>
        new RunSaver({ pool, schema, commits, claim: { runId, fencingToken }, onRefused }),
      store,
      logger,
    }),
    hints,
    ready: wakeups.runsReady,
    onAttempt: (run, outcome, durationMs) => {
      metrics.attempts.observe({ outcome: outcome.kind }, durationMs / 1_000);
      logger.info(
        {
          run_id: run.runId,
          thread_id: run.threadId,
          graph_id: run.graphId,
          attempt: run.attempt,
          outcome: outcome.kind,
          duration_ms: Math.round(durationMs),
          ...('error' in outcome ? { error: outcome.error } : {}),
        },
        'run.attempted',
      );
    },
    monotonicMs: () => performance.now(),
    logger,
    settings: {
      maxConcurrentRuns: config.RUNLANE_MAX_CONCURRENT_RUNS,
      runTimeoutSeconds: config.RUNLANE_RUN_TIMEOUT_SECONDS,
      valuesMaxBytes: config.RUNLANE_VALUES_MAX_BYTES,
      pollMs: CLAIM_POLL_MS,
    },
  });
  metrics.executing(() => executor.activeCount);
  return {
    executor,
    lease,
    renewing: lease.holdUntil(signals.background),
    claiming: executor.claimUntil(signals.intake),
  };
}

/** Resolves after the time, or as soon as the signal aborts. */
async function waitOrAbort(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
