/** Why a worker was ended early, or died. */
export const WORKER_ENDS = ['crashed', 'deaf_graph', 'blocking_import', 'full_heap'] as const;
export type WorkerEnd = (typeof WORKER_ENDS)[number];

import type { Refusal } from '@runlane/postgres';

/** What graphs do to their workers, for metrics and the log. */
export type WorkerEvent =
  /** Nobody caught an error in a callback, or a rejected promise. `graphId` null: outside of a run. */
  | { kind: 'uncaught_error'; graphId: string | null }
  /** The database refuses what a graph needs. */
  | { kind: 'refused'; refusal: Refusal }
  /** A worker that answered before does not answer any more: something blocks its event loop. */
  | { kind: 'silent' }
  /** A graph has not ended in the time that it had after an abort. */
  | { kind: 'deaf'; graphId: string }
  | { kind: 'ended'; why: WorkerEnd };

export type OnWorkerEvent = (event: WorkerEvent) => void;
