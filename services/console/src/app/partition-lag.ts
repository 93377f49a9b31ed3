/** How far a topic has been read into the tables. */
import { recordsBehind } from '@runlane/log-ledger';

/** `end`: the next offset to be written, null while the partition has no leader; `next`: the next to be read, null before the first. */
export type PartitionLag = {
  topic: string;
  partition: number;
  end: bigint | null;
  next: bigint | null;
  /** Records that are not in the tables yet; null while that is not known. */
  lag: number | null;
};

/** @param positions per partition the last record in the tables */
export function lagOf(
  topic: string,
  partitionCount: number,
  ends: ReadonlyMap<number, { low: bigint; high: bigint }>,
  positions: ReadonlyMap<number, bigint>,
): PartitionLag[] {
  return Array.from({ length: partitionCount }, (_, partition) => {
    const end = ends.get(partition);
    const position = positions.get(partition);
    const next = position === undefined ? null : position + 1n;
    if (end === undefined) return { topic, partition, end: null, next, lag: null };
    return { topic, partition, end: end.high, next, lag: recordsBehind(position, end) };
  });
}
