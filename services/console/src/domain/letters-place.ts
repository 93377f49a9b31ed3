/** Per partition the offset before which a page ends; of a partition that is not named, the end of the topic. */
export type LettersPlace = Readonly<Record<string, string>>;

type Place = { partition: number; offset: bigint };

/**
 * Where the next, older page goes on: before what was shown of a partition, and where nothing of it was shown, where this page
 * has gone on.
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
