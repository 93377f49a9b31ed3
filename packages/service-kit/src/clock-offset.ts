/**
 * How far this host's clock is at least ahead of another one, in milliseconds; below 0 when it is behind.
 *
 * @param theirMs what the other one said, in milliseconds since 1970
 * @param beforeMs this host's time before it was asked
 * @param afterMs this host's time after the answer
 */
export function clockOffsetMs(theirMs: number, beforeMs: number, afterMs: number): number {
  return theirMs < beforeMs ? beforeMs - theirMs : Math.min(0, afterMs - theirMs);
}
