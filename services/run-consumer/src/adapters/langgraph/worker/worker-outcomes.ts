/** Outcomes of attempts whose worker gave none. */
import type { Outcome } from '../../../domain/run.ts';

/** The outcome of runs of a graph whose import blocks its thread. */
export function blockedAtImport(graphId: string, limitMs: number): Outcome {
  const message = `Graph ${graphId}: its import has blocked the event loop for more than ${limitMs / 1_000} s. Do such work inside nodes, not while the module loads. The service tries it again at its next start.`;
  return { kind: 'failed', reason: 'graph_not_loadable', error: { error: 'GraphNotLoadable', message }, head: null };
}

/** Why a worker was ended whose graphs kept too much heap. */
export function fullHeap(limitMb: number): string {
  return `its heap held more than the ${limitMb} MiB of RUNLANE_WORKER_MEMORY_MB`;
}

/**
 * `isolate`: the run continues in a process of its own, because it may be the cause. The attempt is spent when no other run
 * can be the cause.
 */
export function handedBack(
  why: string,
  { isolate, spendsAttempt }: { isolate: boolean; spendsAttempt: boolean },
): Outcome {
  return { kind: 'handed_back', spendsAttempt, isolate, error: { error: 'WorkerGone', message: why } };
}

/** The outcome of a run that was stopped while it waited. */
export function stoppedWaiting(forWhat: string, isolate: boolean): Outcome {
  const error = { error: 'WorkerGone', message: `it was stopped while it waited for ${forWhat}` };
  return { kind: 'handed_back', spendsAttempt: false, isolate, error };
}
