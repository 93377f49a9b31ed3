/** For each partition the offset before which a page ends; for a partition without one, the end of the partition. */
export type LettersPlace = Readonly<Record<string, string>>;

type Place = { partition: number; offset: bigint };

/**
 * Where the next, older page ends: in each partition before what this page has shown, or, if it has shown nothing of the
 * partition, where this page ended.
 *
 * @param read what was looked at, the latest of each partition
 */
export function nextPlace(before: LettersPlace | null, read: readonly Place[], shown: readonly Place[]): LettersPlace {
  const next = new Map(Object.entries(before ?? {}).map(([partition, offset]) => [Number(partition), BigInt(offset)]));
  for (const { partition, offset } of read) {
    const known = next.get(partition) ?? 0n;
    if (offset >= known) next.set(partition, offset + 1n);
  }
  for (const { partition, offset } of shown) {
    if (offset < (next.get(partition) ?? 0n)) next.set(partition, offset);
  }
  return Object.fromEntries([...next].map(([partition, offset]) => [String(partition), String(offset)]));
}
