/** How attempts end that their worker did not end. */
import type { Outcome } from '../../../domain/run.ts';

/** How the runs end of a graph whose import does not let its thread go on. */
export function blockedAtImport(graphId: string, limitMs: number): Outcome {
  const message = `Graph ${graphId}: its import has blocked the event loop for more than ${limitMs / 1_000} s. Do such work inside of nodes, not while the module loads. It is tried again when the service starts.`;
  return { kind: 'failed', reason: 'graph_not_loadable', error: { error: 'GraphNotLoadable', message }, head: null };
}

/** `crashed`: the attempt is spent, and the run goes on alone, so that others do not share its next crash. */
export function handedBack(why: string, crashed: boolean): Outcome {
  return {
    kind: 'handed_back',
    spendsAttempt: crashed,
    isolate: crashed,
    error: { error: 'WorkerGone', message: why },
  };
}

/** The outcome of a run that was stopped while it waited. */
export function stoppedWaiting(forWhat: string, isolate: boolean): Outcome {
  const error = { error: 'WorkerGone', message: `it was stopped while it waited for ${forWhat}` };
  return { kind: 'handed_back', spendsAttempt: false, isolate, error };
}
