import { randomUUID } from 'node:crypto';
import { waitOrAbort } from '@runlane/service-kit';
import type { StoreSettings } from '../adapters/langgraph/langgraph-json-store.ts';
import { createServedGraphs } from '../adapters/postgres/served-graphs.ts';
import { createLease } from '../adapters/postgres/named-lease.ts';
import { watchUnservedUntil } from '../app/serve-graphs.ts';
import { leadUntil } from '../app/lead-sweeping.ts';
import type { Foundation } from './foundation.ts';
import { startCheckpointPruning, startJoining, startPruning, startStoreSweeping } from './relay-and-sweeping.ts';

/** After it a process takes over from one that is gone: how late scheduled runs may join then. */
const LEASE_MS = 6_000;

function startWatchingUnserved(signal: AbortSignal, { pool, metrics, logger }: Foundation): Promise<void> {
  return watchUnservedUntil(signal, {
    served: createServedGraphs(pool),
    delay: waitOrAbort,
    monotonicMs: () => performance.now(),
    onUnserved: (runCount) => metrics.unservedRuns.set(runCount),
    logger,
  });
}

/** Does the sweeps that one process of the deployment does for all, while it is this one, until `background` aborts. */
export function startSweepsOfOne(background: AbortSignal, foundation: Foundation, store: StoreSettings): Promise<void> {
  return leadUntil(background, {
    lease: createLease(foundation.leasePool, 'sweeping'),
    holder: randomUUID(),
    leaseMs: LEASE_MS,
    monotonicMs: () => performance.now(),
    delay: waitOrAbort,
    work: async (signal) => {
      await Promise.all([
        startJoining(signal, foundation),
        startWatchingUnserved(signal, foundation),
        startPruning(signal, foundation),
        startCheckpointPruning(signal, foundation),
        startStoreSweeping(signal, foundation, store),
      ]);
    },
    logger: foundation.logger,
  });
}
