/**
 * Which runs of a lane end in the transaction of the request that ends them all, and which end later. One transaction may
 * end no more runs than the database manages within the time limit of a statement, and a lane may have any length.
 *
 *   short   every run now
 *   long    the running run is asked to stop, and the first waiting ones end now; the others are *marked*
 *
 * A marked run has ended for everybody: it never starts, blocks no other, and no later request finds it. Its row and its
 * event follow, slice by slice, in transactions of their own. A run is marked when its position is at most that of the mark.
 * The mark has a position of its own, so everything after the request has a later one.
 *
 * A cancel that is read again, after positions were lost, spares the runs that come after it in its partition, and these
 * have positions among the others. So a position does not say which runs are hit, and none is marked. Instead the waiting
 * runs are *looked through* slice by slice, and a run ends when its slice is reached. Until then it is in flight for
 * everybody. That does no harm: the first reading has ended all other runs, so those that are hit now came from another
 * partition after it, and the cancel is meant for them too.
 */
import type { Lane } from './lane.ts';

/** Waiting runs of a lane that one transaction ends. */
export const ENDED_AT_ONCE = 1_000;

export type LaneMark = {
  /** How many waiting runs of the ledger are ended now: the first in the lane, then scheduled ones by admission. */
  firstCount: number;
  /** The last position that is marked or has to be looked through. */
  throughPosition: bigint;
  /** Runs that come after the request may be among them: they are spared, so none is marked. */
  sparesLater: boolean;
};

/**
 * The mark of a request that ends the runs of a lane; null for a short one.
 *
 * @param beforeOffset runs of the batch's partition from here on are spared; null spares none
 */
export function markOf(lane: Lane, beforeOffset: bigint | null, endedAtOnce: number): LaneMark | null {
  if (lane.waitingCount <= endedAtOnce) return null;
  const sparesLater = beforeOffset !== null && lane.lastOffset !== null && lane.lastOffset >= beforeOffset;
  const throughPosition = sparesLater ? lane.nextPosition - 1n : lane.nextPosition;
  return { firstCount: endedAtOnce, throughPosition, sparesLater };
}

/** The lane after the mark. A mark that marks no run leaves the lane as it is. */
export function withMark(lane: Lane, mark: LaneMark | null): Lane {
  if (mark === null || mark.sparesLater) return lane;
  return { ...lane, nextPosition: mark.throughPosition + 1n, waitingCount: 0 };
}
