import { RecordTooLarge } from '@runlane/kafka';
import type { OutRecord, RecordProducer } from '@runlane/kafka';

export type Fitting<Item> = {
  /** The next smaller form of what was refused; null when there is none. */
  smaller: (refused: Item, refusal: RecordTooLarge) => Promise<Item | null> | Item | null;
  /** Whether a later item has to wait for one that is left out. */
  waitsFor: (item: Item, refused: Item) => boolean;
};

/** What was not published: refused at its smallest, of a partition without a leader, or behind such a one. */
export type LeftOut<Item> =
  | { item: Item; why: 'refused'; refusal: RecordTooLarge }
  | { item: Item; why: 'leaderless' | 'waits' };

/**
 * Publishes the records of `items` in order, each as large as its topic accepts (I10). One that is refused for its size is
 * published in a smaller form, at its own place among the others, or is left out; it delays none of them. The same holds for
 * one whose partition has no leader.
 *
 * @returns what was left out; all others are acknowledged. Thrown: any other error of the producer; the outcome is then unknown
 */
export async function publishFitting<Item extends { record: OutRecord }>(
  items: readonly Item[],
  { smaller, waitsFor }: Fitting<Item>,
  publisher: Pick<RecordProducer, 'publish'>,
  signal: AbortSignal,
): Promise<LeftOut<Item>[]> {
  const leftOut: LeftOut<Item>[] = [];
  let left = items;
  const leaveBehind = (one: Item): void => {
    leftOut.push(...left.filter((item) => waitsFor(item, one)).map((item) => ({ item, why: 'waits' as const })));
    left = left.filter((item) => !waitsFor(item, one));
  };
  while (left.length > 0) {
    const { leaderless, refusal } = await published(left, publisher, signal);
    const gone = left.filter(({ record }) => leaderless.has(record));
    leftOut.push(...gone.map((item) => ({ item, why: 'leaderless' as const })));
    if (refusal === null) break;
    // All before the refused one is written, or has no leader.
    const index = left.findIndex(({ record }) => record === refusal.record);
    const refused = left[index];
    if (refused === undefined) throw refusal;
    left = left.slice(index + 1).filter((item) => !gone.includes(item));
    for (const one of gone) leaveBehind(one);
    const fitting = await smaller(refused, refusal);
    if (fitting === null) {
      leftOut.push({ item: refused, why: 'refused', refusal });
      leaveBehind(refused);
    } else left = [fitting, ...left];
  }
  return leftOut;
}

async function published(
  items: readonly { record: OutRecord }[],
  publisher: Pick<RecordProducer, 'publish'>,
  signal: AbortSignal,
): Promise<{ leaderless: ReadonlySet<OutRecord>; refusal: RecordTooLarge | null }> {
  const leaderless = new Set<OutRecord>();
  try {
    await publisher.publish(
      items.map(({ record }) => record),
      { signal, onLeaderless: (record) => leaderless.add(record) },
    );
    return { leaderless, refusal: null };
  } catch (error) {
    if (!(error instanceof RecordTooLarge)) throw error;
    return { leaderless, refusal: error };
  }
}
