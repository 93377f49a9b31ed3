/**
 * Purpose   Ties runs to processes that have their graph: each process says which graphs it executes, so that every process
 *           admits runs of them, and one process reports graphs that have ready runs and nobody who executes them.
 * Deploys   What a process has said stays for days, so a graph that was removed, or that is being redeployed, is not unknown.
 */
import type { Logger } from '@runlane/service-kit';

/** A graph with ready runs. `runCount` counts no further than was asked; `isServed`: somebody executes it. */
export type WaitingGraph = { graphId: string; oldestSeconds: number; runCount: number; isServed: boolean };

export interface ServedGraphs {
  /** Says that the graphs are executed; those that somebody named less than `freshMs` ago need not be written. */
  serve(graphIds: readonly string[], freshMs: number): Promise<void>;
  /** Graphs with ready runs; those are served of which somebody has said so in the last `silentMs`. */
  waiting(silentMs: number, countLimit: number): Promise<WaitingGraph[]>;
}

export type ServeDependencies = {
  served: ServedGraphs;
  graphIds: readonly string[];
  /** Resolves after the milliseconds, or earlier when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<void>;
  logger: Logger;
};

/** How often a process says what it executes, in milliseconds. */
const SAY_EVERY_MS = 10_000;
/** What another process has said counts as fresh for this long, in milliseconds. */
const FRESH_MS = SAY_EVERY_MS / 2;
/** Wait before a try is repeated, at first and after a failure, in milliseconds. */
const TRY_AGAIN_MS = 1_000;
/** A process that has said nothing for this long is gone, in milliseconds. */
export const SILENT_MS = 60_000;

/** Says what this process executes, until `signal` aborts. */
export async function serveGraphsUntil(signal: AbortSignal, needs: ServeDependencies): Promise<void> {
  const { served, graphIds, delay, logger } = needs;
  while (!signal.aborted) {
    let nextMs = SAY_EVERY_MS;
    try {
      await served.serve(graphIds, FRESH_MS);
    } catch (error) {
      logger.warn({ err: error }, 'graphs.not_registered');
      nextMs = TRY_AGAIN_MS;
    }
    await delay(nextMs, signal);
  }
}

export type WatchWaitingDependencies = Pick<ServeDependencies, 'served' | 'delay' | 'logger'> & {
  /** Called after each look; null when the look failed, and at the end, when another process looks. */
  onWaiting: (graphs: readonly WaitingGraph[] | null) => void;
  monotonicMs: () => number;
};

const LOOK_EVERY_MS = 10_000;
const TELL_EVERY_MS = 60_000;
/** Most runs of one graph that are counted. */
const COUNT_LIMIT = 10_000;

/** Looks for ready runs, and reports each graph that nobody executes at most once a minute, until `signal` aborts. */
export async function watchWaitingUntil(signal: AbortSignal, needs: WatchWaitingDependencies): Promise<void> {
  const { served, delay, onWaiting, monotonicMs, logger } = needs;
  let toldAtMs = new Map<string, number>();
  while (!signal.aborted) {
    try {
      const waiting = await served.waiting(SILENT_MS, COUNT_LIMIT);
      onWaiting(waiting);
      const unserved = waiting.filter(({ isServed }) => !isServed);
      const nowMs = monotonicMs();
      const due = unserved.filter(({ graphId }) => nowMs - (toldAtMs.get(graphId) ?? -Infinity) >= TELL_EVERY_MS);
      toldAtMs = new Map([
        ...[...toldAtMs].filter(([, atMs]) => nowMs - atMs < TELL_EVERY_MS),
        ...due.map(({ graphId }) => [graphId, nowMs] as const),
      ]);
      for (const { graphId, oldestSeconds, runCount } of due) {
        logger.error(
          { graph_id: graphId, oldest_seconds: Math.round(oldestSeconds), ready_runs: runCount },
          'graph.unserved: no process has this graph, and its runs wait. Start one whose langgraph.json names it.',
        );
      }
    } catch (error) {
      onWaiting(null);
      logger.warn({ err: error }, 'unserved.not_looked');
    }
    await delay(LOOK_EVERY_MS, signal);
  }
  onWaiting(null);
}
