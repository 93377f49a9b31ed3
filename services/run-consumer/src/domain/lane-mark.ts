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
 */
import type { Lane } from './lane.ts';

/** Waiting runs of a lane that one transaction ends. */
export const ENDED_AT_ONCE = 1_000;

export type LaneMark = {
  /** How many waiting runs of the ledger are ended now: the first in the lane, then scheduled ones by admission. */
  firstCount: number;
  /** The last position that is marked. */
  throughPosition: bigint;
};

/**
 * The mark of a request that ends the runs of a lane; null for a short one.
 *
 * @param beforeOffset runs of the batch's partition from here on are spared; null spares none. Where the ledger has such
 * runs already, because the request is read again, a position does not tell them from the others: nothing is marked
 */
export function markOf(lane: Lane, beforeOffset: bigint | null, endedAtOnce: number): LaneMark | null {
  if (lane.waitingCount <= endedAtOnce) return null;
  if (beforeOffset !== null && lane.lastOffset !== null && lane.lastOffset >= beforeOffset) return null;
  return { firstCount: endedAtOnce, throughPosition: lane.nextPosition };
}

/** The lane behind the mark. */
export function withMark(lane: Lane, mark: LaneMark | null): Lane {
  return mark === null ? lane : { ...lane, nextPosition: mark.throughPosition + 1n, waitingCount: 0 };
}
