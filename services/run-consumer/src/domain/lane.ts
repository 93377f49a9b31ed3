/**
 * A lane: the runs of one thread that have not ended, in the order in which they will. Admission knows its beginning.
 *
 *   running?  pending …  scheduled …      the running run is the first; scheduled ones join at the end when due
 */
import type { CancelAction, RecordCoordinates, ThreadStatus } from '@runlane/contracts';

/** Where a run came from: its place in the log says what was admitted before it. */
export type Source = Pick<RecordCoordinates, 'topic' | 'partition' | 'offset'>;

export type InFlightRun = {
  runId: string;
  state: 'running' | 'pending' | 'scheduled';
  source: Source;
  /** Whether the ledger had it before this batch. */
  isStored: boolean;
  /** A running run that was asked to stop; it stays in flight until it has. */
  isAskedToStop: boolean;
  /** It waits again after it has begun, and has left something to go on with. */
  hasBegun?: boolean;
};

/** Status of a thread when nothing is in flight. */
export type RestingStatus = Exclude<ThreadStatus, 'busy'>;

/** A thread as admission sees it. */
export type Lane = {
  threadId: string;
  /** False until a run was accepted on it. */
  exists: boolean;
  /** A temporary run of this batch has made it, and no other was accepted on it: it goes with that run. */
  isTemporary: boolean;
  /** The partition it was first seen on; null for a thread that does not exist. */
  firstPartition: number | null;
  /** Its status when nothing is in flight. */
  restingStatus: RestingStatus;
  /**
   * Runs in flight, first those in the lane by position, then scheduled ones by admission. Of those in the ledger only
   * the first may be known: as many as the batch needs to say which is the oldest after everything it does; and, where it
   * cancels all of the lane, the last of the batch's partition, which such a cancel may spare.
   */
  inFlight: readonly InFlightRun[];
  nextPosition: bigint;
  /**
   * Runs of the ledger that wait, or are scheduled: counted no further than is needed to say that the lane is long, and 0
   * where the batch ends none of them.
   */
  waitingCount: number;
  /** The greatest offset of the runs that are of the batch's partition, where it cancels all of the lane; or null. */
  lastOffset: bigint | null;
};

/** A thread that no run was accepted on. */
export function newLane(threadId: string): Lane {
  return {
    threadId,
    exists: false,
    isTemporary: false,
    firstPartition: null,
    restingStatus: 'idle',
    inFlight: [],
    nextPosition: 1n,
    waitingCount: 0,
    lastOffset: null,
  };
}

/** Status of the thread; null while it does not exist. */
export function statusOf(lane: Lane): ThreadStatus | null {
  if (!lane.exists) return null;
  return lane.inFlight.length > 0 ? 'busy' : lane.restingStatus;
}

/** The first run in the lane, behind which others wait; null when a run that joins now can start. */
export function headOf(lane: Lane): InFlightRun | null {
  const [first] = lane.inFlight;
  return first === undefined || first.state === 'scheduled' ? null : first;
}

/** The lane with one more run in flight, at its place. */
export function withRun(lane: Lane, run: InFlightRun): Lane {
  return { ...lane, exists: true, inFlight: withLast(lane.inFlight, run) };
}

/** Runs of a lane in order, and one more, at the end of its kind; nothing happens where it is among them. */
export function withLast(first: readonly InFlightRun[], last: InFlightRun): InFlightRun[] {
  if (first.some(({ runId }) => runId === last.runId)) return [...first];
  const behind = first.findIndex(({ state }) => state === 'scheduled');
  return last.state === 'scheduled' || behind < 0 ? [...first, last] : first.toSpliced(behind, 0, last);
}

/**
 * The lane after the given runs were ended, or asked to end: what waited or was scheduled is gone, what runs stays in
 * flight until its graph and its saver have stopped (I9). What an interrupted run has left can be gone on with.
 */
export function withoutRuns(lane: Lane, isHit: (run: InFlightRun) => boolean, action: CancelAction): Lane {
  const leavesWork = ({ state, hasBegun = false }: InFlightRun) => state !== 'running' && hasBegun;
  const isInterrupted = action === 'interrupt' && lane.inFlight.some((run) => isHit(run) && leavesWork(run));
  const inFlight = lane.inFlight.flatMap((run) => {
    if (!isHit(run)) return [run];
    return run.state === 'running' ? [{ ...run, isAskedToStop: true }] : [];
  });
  return { ...lane, inFlight, ...(isInterrupted ? { restingStatus: 'interrupted' } : {}) };
}
