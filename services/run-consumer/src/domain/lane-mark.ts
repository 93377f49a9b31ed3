/**
 * Who of a lane is ended in the transaction of the request that ends them all, and who later: one transaction may end no
 * more runs than the database does in the time of a statement, and a lane may be of any length.
 *
 *   short   every run now
 *   long    the running run is asked to stop, and the first waiting ones end now; the others are *marked*
 *
 * A marked run has ended for everybody: it never starts, blocks no other, and no later request finds it. Its row and its
 * event follow, slice by slice, in transactions of their own. Marked is what has a position through the one of the mark,
 * which is taken for the mark alone: whatever comes after the request lies behind it.
 *
 * A cancel that is read again, after positions were lost, spares what stands behind it in its partition, and these runs have
 * positions among the others. So a position does not say who is hit, and nobody is marked: the waiting runs are *looked
 * through* slice by slice, and a run ends when it is come by. Until then it is in flight for everybody. That is no harm, as
 * whoever it hits then came from elsewhere after the first reading, which has ended all others; but it is a cancel of theirs.
 */
import type { Lane } from './lane.ts';

/** Waiting runs of a lane that one transaction ends. */
export const ENDED_AT_ONCE = 1_000;

export type LaneMark = {
  /** How many waiting runs of the ledger are ended now: the first in the lane, then scheduled ones by admission. */
  firstCount: number;
  /** The last position that is marked, or looked through. */
  throughPosition: bigint;
  /** Runs that stand behind the request may be among them: they are spared, and so nobody is marked. */
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

/** The lane behind the mark. One that marks nobody leaves it as it is. */
export function withMark(lane: Lane, mark: LaneMark | null): Lane {
  if (mark === null || mark.sparesLater) return lane;
  return { ...lane, nextPosition: mark.throughPosition + 1n, waitingCount: 0 };
}
