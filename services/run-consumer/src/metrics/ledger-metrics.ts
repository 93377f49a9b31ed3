import { OTHER, absentGauge } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Gauge } from 'prom-client';
import type { WaitingGraph } from '../app/execution/serve-graphs.ts';
import type { LedgerBacklog } from '../app/watch-backlog.ts';

/** Graphs with a sample of their own; the runs of all others are counted together. */
const MAX_GRAPHS = 50;

/** The state of the deployment's ledger; only in the one process that sweeps, and absent while it could not be read. */
export function createLedgerMetrics(registry: Registry) {
  const registers = [registry];
  const readyRuns = new Gauge({
    name: 'runlane_ready_runs',
    help: 'Runs that wait only for a process, up to 10000 per graph, in the process that sweeps.',
    labelNames: ['graph_id'] as const,
    registers,
  });
  const oldestReady = new Gauge({
    name: 'runlane_ready_oldest_seconds',
    help: 'Time for which the oldest ready run has been ready, in the process that sweeps.',
    labelNames: ['graph_id'] as const,
    registers,
  });
  const unservedRuns = absentGauge({
    registry,
    name: 'runlane_unserved_ready_runs',
    help: 'Ready runs of graphs that no process executes, up to 10000 per graph, in the process that sweeps.',
  });
  const lanes = new Gauge({
    name: 'runlane_busy_lanes',
    help: 'Threads with runs that have not ended, by the number of these runs (1, 2-10, 11-100, 101+), of the first 2000 threads, in the process that sweeps.',
    labelNames: ['depth'] as const,
    registers,
  });
  const unfinished = new Gauge({
    name: 'runlane_unfinished_runs',
    help: 'Runs that have not ended, by status (pending, running), up to 10000 per status, in the process that sweeps.',
    labelNames: ['status'] as const,
    registers,
  });
  const scheduled = absentGauge({
    registry,
    name: 'runlane_scheduled_runs',
    help: 'Pending runs whose time has not come, up to 10000, in the process that sweeps.',
  });
  const paused = absentGauge({
    registry,
    name: 'runlane_paused_threads',
    help: 'Threads that wait for an answer, up to 10000, in the process that sweeps.',
  });
  const oldestPaused = absentGauge({
    registry,
    name: 'runlane_paused_oldest_seconds',
    help: 'Time for which the first of these threads has waited, or 0; in the process that sweeps.',
  });
  const unpublished = absentGauge({
    registry,
    name: 'runlane_outbox_unpublished_events',
    help: 'Events that are not published yet, up to 10000, in the process that sweeps.',
  });
  const oldestUnpublished = absentGauge({
    registry,
    name: 'runlane_outbox_oldest_seconds',
    help: 'Time for which the oldest unpublished event has waited, or 0; in the process that sweeps.',
  });
  const executors = absentGauge({
    registry,
    name: 'runlane_executors',
    help: 'Processes that hold a lease to execute runs, in the process that sweeps.',
  });
  const ofReady = [readyRuns, oldestReady];
  return {
    markedRuns: absentGauge({
      registry,
      name: 'runlane_marked_runs',
      help: 'The most runs of long lanes that were superseded or cancelled and have no event yet, in the process that sweeps.',
    }),
    /** Ready runs by graph; null when they are unknown. */
    setWaiting(graphs: readonly WaitingGraph[] | null): void {
      for (const gauge of ofReady) gauge.reset();
      unservedRuns.remove();
      if (graphs === null) return;
      const byCount = graphs.toSorted((one, other) => other.runCount - one.runCount);
      for (const { graphId, runCount, oldestSeconds } of byCount.slice(0, MAX_GRAPHS)) {
        readyRuns.set({ graph_id: graphId }, runCount);
        oldestReady.set({ graph_id: graphId }, oldestSeconds);
      }
      const others = byCount.slice(MAX_GRAPHS);
      if (others.length > 0) {
        readyRuns.set({ graph_id: OTHER }, sumOf(others));
        oldestReady.set({ graph_id: OTHER }, Math.max(...others.map(({ oldestSeconds }) => oldestSeconds)));
      }
      unservedRuns.set(sumOf(graphs.filter(({ isServed }) => !isServed)));
    },
    /** What waits in the ledger; null when it is unknown. */
    setBacklog(backlog: LedgerBacklog | null): void {
      for (const gauge of [lanes, unfinished]) gauge.reset();
      for (const gauge of [scheduled, paused, oldestPaused, unpublished, oldestUnpublished, executors]) gauge.remove();
      if (backlog === null) return;
      for (const [depth, count] of Object.entries(backlog.lanesByDepth)) lanes.set({ depth }, count);
      for (const [status, count] of Object.entries(backlog.runsByStatus)) unfinished.set({ status }, count);
      scheduled.set(backlog.scheduledCount);
      paused.set(backlog.pausedCount);
      oldestPaused.set(backlog.oldestPausedSeconds);
      unpublished.set(backlog.unpublishedCount);
      oldestUnpublished.set(backlog.oldestUnpublishedSeconds);
      executors.set(backlog.executorCount);
    },
  };
}

function sumOf(graphs: readonly WaitingGraph[]): number {
  return graphs.reduce((sum, { runCount }) => sum + runCount, 0);
}
