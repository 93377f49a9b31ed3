import { RecordTooLarge } from '@runlane/kafka';
import type { OutRecord, RecordProducer } from '@runlane/kafka';

export type Fitting<Item> = {
  /** The next smaller form of what was refused; null when there is none. */
  smaller: (refused: Item, refusal: RecordTooLarge) => Promise<Item | null> | Item | null;
  /** Whether a later item has to wait for one that is left out. */
  waitsFor: (item: Item, refused: Item) => boolean;
};

/** What was not published: refused at its smallest, or (without a refusal) waiting behind such a one. */
export type LeftOut<Item> = { item: Item; refusal: RecordTooLarge | null };

/**
 * Publishes the records of `items` in order, each as large as its topic accepts (I10). One that is refused for its size is
 * published in a smaller form, at its own place among the others, or is left out; it delays none of them.
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
  while (left.length > 0) {
    try {
      await publisher.publish(
        left.map(({ record }) => record),
        { signal },
      );
      break;
    } catch (error) {
      if (!(error instanceof RecordTooLarge)) throw error;
      // All before the refused one is written.
      const index = left.findIndex(({ record }) => record === error.record);
      const refused = left[index];
      if (refused === undefined) throw error;
      const behind = left.slice(index + 1);
      const fitting = await smaller(refused, error);
      if (fitting === null) {
        const waiting = behind.filter((item) => waitsFor(item, refused));
        leftOut.push({ item: refused, refusal: error }, ...waiting.map((item) => ({ item, refusal: null })));
        left = behind.filter((item) => !waitsFor(item, refused));
      } else left = [fitting, ...behind];
    }
  }
  return leftOut;
}
