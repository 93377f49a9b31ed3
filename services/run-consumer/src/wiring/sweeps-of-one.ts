import { randomUUID } from 'node:crypto';
import { waitOrAbort } from '@runlane/service-kit';
import type { StoreSettings } from '../adapters/langgraph/project/langgraph-json-store.ts';
import { readBacklog } from '../adapters/postgres/reading/ledger-backlog.ts';
import { createServedGraphs } from '../adapters/postgres/served-graphs.ts';
import { createLease } from '../adapters/postgres/named-lease.ts';
import { watchWaitingUntil } from '../app/execution/serve-graphs.ts';
import { watchBacklogUntil } from '../app/watch-backlog.ts';
import { leadUntil } from '../app/sweeping/lead-sweeping.ts';
import type { Foundation } from './foundation.ts';
import { createMarkedRuns } from '../adapters/postgres/sweeping/marked-runs.ts';
import { createThreadCheckpoints } from '../adapters/postgres/thread-checkpoints.ts';
import { endMarkedUntil } from '../app/sweeping/end-marked-runs.ts';
import { ENDED_AT_ONCE } from '../domain/lane-mark.ts';
import { startCheckpointPruning, startJoining, startPruning, startStoreSweeping } from './sweeping.ts';

/** Time after which a process takes over from one that is gone, and so how late scheduled runs may then join. */
const LEASE_MS = 6_000;

/** How late marked runs are noticed when their hint was lost, in milliseconds. */
const END_MARKED_EVERY_MS = 1_000;

function startWatchingWaiting(signal: AbortSignal, { database, metrics, logger }: Foundation): Promise<void> {
  return watchWaitingUntil(signal, {
    served: createServedGraphs(database),
    delay: waitOrAbort,
    monotonicMs: () => performance.now(),
    onWaiting: (graphs) => metrics.setWaiting(graphs),
    logger,
  });
}

function startWatchingBacklog(signal: AbortSignal, { database, metrics, logger }: Foundation): Promise<void> {
  return watchBacklogUntil(signal, {
    read: () => readBacklog(database),
    delay: waitOrAbort,
    monotonicMs: () => performance.now(),
    onBacklog: (backlog) => metrics.setBacklog(backlog),
    logger,
  });
}

function startEndingMarked(
  signal: AbortSignal,
  { database, config, hints, wakeups, metrics, logger }: Foundation,
): Promise<void> {
  return endMarkedUntil(signal, {
    marked: createMarkedRuns(database, createThreadCheckpoints(config.RUNLANE_CHECKPOINT_SCHEMA)),
    hints,
    lanesMarked: wakeups.lanesMarked,
    everyMs: END_MARKED_EVERY_MS,
    monotonicMs: () => performance.now(),
    sliceSize: ENDED_AT_ONCE,
    onEnded: (cancelled) => {
      for (const { action, reason, endedCount, askedCount } of cancelled) {
        metrics.cancelled.inc({ reason, action }, endedCount + askedCount);
      }
    },
    onLeft: (runCount) => metrics.markedRuns.set(runCount),
    logger,
  }).finally(() => metrics.markedRuns.remove());
}

/** Does the sweeps that one process of the deployment does for all, while this process is the one, until `background` aborts. */
export function startSweepsOfOne(background: AbortSignal, foundation: Foundation, store: StoreSettings): Promise<void> {
  return leadUntil(background, {
    lease: createLease(foundation.leaseDatabase, 'sweeping'),
    holder: randomUUID(),
    leaseMs: LEASE_MS,
    monotonicMs: () => performance.now(),
    delay: waitOrAbort,
    work: async (signal) => {
      await Promise.all([
        startJoining(signal, foundation),
        startEndingMarked(signal, foundation),
        startWatchingWaiting(signal, foundation),
        startWatchingBacklog(signal, foundation),
        startPruning(signal, foundation),
        startCheckpointPruning(signal, foundation),
        startStoreSweeping(signal, foundation, store),
      ]);
    },
    logger: foundation.logger,
  });
}
