/** How attempts end that their worker did not end. */
import type { Outcome } from '../../../domain/run.ts';

/** How the runs end of a graph whose import does not let its thread go on. */
export function blockedAtImport(graphId: string, limitMs: number): Outcome {
  const message = `Graph ${graphId}: its import has blocked the event loop for more than ${limitMs / 1_000} s. Do such work inside of nodes, not while the module loads. It is tried again when the service starts.`;
  return { kind: 'failed', reason: 'graph_not_loadable', error: { error: 'GraphNotLoadable', message }, head: null };
}

/** Why a worker was ended whose graphs kept more than it may hold. */
export function fullHeap(limitMb: number): string {
  return `its heap held more than the ${limitMb} MiB of RUNLANE_WORKER_MEMORY_MB`;
}

/** `isolate`: the run goes on alone, because it may have been the cause. An attempt is spent when nobody else can have been it. */
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
