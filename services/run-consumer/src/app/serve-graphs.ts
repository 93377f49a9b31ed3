/**
 * Purpose   Ties runs to processes that have their graph: each process says which it executes, so that any admits runs of
 *           them, and one of all tells of graphs that have ready runs and nobody who executes them.
 * Deploys   What a process has said stays for days. A graph that was taken away, or is on its way back, is not unknown.
 */
import type { Logger } from '@runlane/service-kit';

/** A graph with ready runs that nobody executes. `runCount` counts no further than was asked. */
export type UnservedGraph = { graphId: string; oldestSeconds: number; runCount: number };

export interface ServedGraphs {
  /** Says that the graphs are executed; those of which somebody said so less than `freshMs` ago need not be written. */
  serve(graphIds: readonly string[], freshMs: number): Promise<void>;
  /** Graphs with ready runs of which nobody has said in the last `silentMs` that they are executed. */
  unserved(silentMs: number, countLimit: number): Promise<UnservedGraph[]>;
}

export type ServeDependencies = {
  served: ServedGraphs;
  graphIds: readonly string[];
  /** Resolves after the milliseconds, or earlier when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<void>;
  logger: Logger;
};

/** Time between two times that a process says what it has, in milliseconds. */
const SAY_EVERY_MS = 10_000;
/** What another process has said within this time is fresh, in milliseconds. */
const FRESH_MS = SAY_EVERY_MS / 2;
/** The first time, and after a failure, it is tried again so soon, in milliseconds. */
const TRY_AGAIN_MS = 1_000;
/** Who has said nothing for so long has gone, in milliseconds. */
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

export type UnservedDependencies = Pick<ServeDependencies, 'served' | 'delay' | 'logger'> & {
  /** Told after each look how many ready runs nobody executes; 0 at the end, when somebody else looks. */
  onUnserved: (runCount: number) => void;
  monotonicMs: () => number;
};

const LOOK_EVERY_MS = 10_000;
const TELL_EVERY_MS = 60_000;
/** Runs of one graph that are counted. */
const COUNT_LIMIT = 10_000;

/** Looks for ready runs of graphs that nobody executes, and tells of each graph at most once a minute, until `signal` aborts. */
export async function watchUnservedUntil(signal: AbortSignal, needs: UnservedDependencies): Promise<void> {
  const { served, delay, onUnserved, monotonicMs, logger } = needs;
  let toldAtMs = new Map<string, number>();
  while (!signal.aborted) {
    try {
      const unserved = await served.unserved(SILENT_MS, COUNT_LIMIT);
      onUnserved(unserved.reduce((sum, { runCount }) => sum + runCount, 0));
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
      logger.warn({ err: error }, 'unserved.not_looked');
    }
    await delay(LOOK_EVERY_MS, signal);
  }
  onUnserved(0);
}
