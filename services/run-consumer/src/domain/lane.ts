/**
 * A lane: the runs of one thread that have not ended, in the order in which they will execute. Admission reads its beginning.
 *
 *   running?  pending …  scheduled …      the running run is the first; scheduled ones join at the end when due
 */
import type { CancelAction, RecordCoordinates, ThreadStatus } from '@runlane/contracts';

/** Where a run came from; its place in the log says what was admitted before it. */
export type RecordPlace = Pick<RecordCoordinates, 'topic' | 'partition' | 'offset'>;

export type InFlightRun = {
  runId: string;
  state: 'running' | 'pending' | 'scheduled';
  source: RecordPlace;
  /** Whether the ledger had it before this batch. */
  isStored: boolean;
  /** A running run that was asked to stop; it stays in flight until it has stopped. */
  isAskedToStop: boolean;
  /** It waits again after an earlier attempt, which has left a checkpoint to continue from. */
  hasBegun?: boolean;
};

/** Status of a thread when nothing is in flight. */
export type RestingStatus = Exclude<ThreadStatus, 'busy'>;

/** A thread as admission sees it. */
export type Lane = {
  threadId: string;
  /** False until a run was accepted on it. */
  exists: boolean;
  /** A temporary run of this batch created it, and no other run was accepted on it: it is deleted with that run. */
  isTemporary: boolean;
  /** The partition it was first seen on; null for a thread that does not exist. */
  firstPartition: number | null;
  /** Its status when nothing is in flight. */
  restingStatus: RestingStatus;
  /**
   * Runs in flight, first those in the lane by position, then scheduled ones by admission. Of the runs in the ledger only
   * the first may be known: as many as the batch needs to tell which is the oldest after all its changes. Where the batch
   * cancels the whole lane, the last runs of its partition are known too, because such a cancel may spare them.
   */
  inFlight: readonly InFlightRun[];
  nextPosition: bigint;
  /**
   * Runs of the ledger that wait or are scheduled. The count stops where the lane is known to be long, and is 0 where the
   * batch ends none of them.
   */
  waitingCount: number;
  /** The greatest offset among the runs of the batch's partition, where the batch cancels the whole lane; otherwise null. */
  lastOffset: bigint | null;
};

/** A thread without an accepted run. */
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

/** The first run in the lane, for which the others wait; null when a run that joins now can start. */
export function headOf(lane: Lane): InFlightRun | null {
  const [first] = lane.inFlight;
  return first === undefined || first.state === 'scheduled' ? null : first;
}

/** The lane with one more run in flight, at its place. */
export function withRun(lane: Lane, run: InFlightRun): Lane {
  return { ...lane, exists: true, inFlight: withLast(lane.inFlight, run) };
}

/** The runs of a lane in order with one more, at the end of its kind; the same runs if it is among them already. */
export function withLast(first: readonly InFlightRun[], last: InFlightRun): InFlightRun[] {
  if (first.some(({ runId }) => runId === last.runId)) return [...first];
  const behind = first.findIndex(({ state }) => state === 'scheduled');
  return last.state === 'scheduled' || behind < 0 ? [...first, last] : first.toSpliced(behind, 0, last);
}

/**
 * The lane after the given runs were ended, or asked to end: waiting and scheduled runs are gone; a running one stays in
 * flight until its graph and its saver have stopped (I9). An interrupted run may leave a state to continue from.
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
