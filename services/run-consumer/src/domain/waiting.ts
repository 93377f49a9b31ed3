/** What an unfinished run waits for, for operators. */

export type Waiting =
  /** It was superseded or cancelled together with many others; its row and its event follow within seconds. */
  | { kind: 'ending' }
  /** It is not due yet (`after_seconds`). */
  | { kind: 'scheduled'; until: Date }
  /** Another run of its thread is first; `aheadCount` runs, that one included, come before it; no more than 1,000 are counted. */
  | { kind: 'behind'; runId: string; aheadCount: number }
  /** It could start, but no process has said lately that it executes the graph. */
  | { kind: 'no_graph'; graphId: string }
  /** It could start, but no process executes runs. */
  | { kind: 'no_process' }
  /** The ledger was restored or failed over, and what it forgot may still execute. */
  | { kind: 'restored_ledger' }
  /** It could start, as soon as a process that has its graph executes fewer runs than it may. */
  | { kind: 'limit'; graphId: string; executingCount: number; processCount: number }
  /** It executes; `host` is null when the process has gone and nobody has taken the run over yet. */
  | { kind: 'executing'; host: string | null; isAskedToStop: boolean };

/** What the ledger says of an unfinished run, its lane and the executors. */
export type WaitingFacts = {
  status: 'pending' | 'running';
  graphId: string;
  scheduledAt: Date | null;
  isReady: boolean;
  /** It counts as ended, but its row does not say so yet. */
  isMarked: boolean;
  /** The first unfinished run of its lane, and how many come before it. */
  firstOfLane: string | null;
  aheadCount: number;
  isGraphServed: boolean;
  /** Whether runs may be claimed from this ledger at all. */
  isClaimable: boolean;
  /** Of all runs and processes. */
  executingCount: number;
  processCount: number;
  host: string | null;
  isAskedToStop: boolean;
};

/** The nearest reason: what is said is what has to go first. */
export function waitingOf(run: WaitingFacts): Waiting {
  if (run.status === 'pending' && run.isMarked) return { kind: 'ending' };
  if (run.status === 'running') return { kind: 'executing', host: run.host, isAskedToStop: run.isAskedToStop };
  if (run.scheduledAt !== null) return { kind: 'scheduled', until: run.scheduledAt };
  if (!run.isReady && run.firstOfLane !== null && run.aheadCount > 0) {
    return { kind: 'behind', runId: run.firstOfLane, aheadCount: run.aheadCount };
  }
  if (!run.isClaimable) return { kind: 'restored_ledger' };
  if (!run.isGraphServed) return { kind: 'no_graph', graphId: run.graphId };
  const { graphId, executingCount, processCount } = run;
  if (processCount === 0) return { kind: 'no_process' };
  return { kind: 'limit', graphId, executingCount, processCount };
}
