import { RecordTooLarge } from '@runlane/kafka';
import type { OutRecord } from '@runlane/kafka';
import type { RecordPublisher } from './ports.ts';

/**
 * Publishes what `items` stand for, in order, each as large as its topic takes it (I10): one that is refused for its size
 * goes out in a smaller form, at its own place among the others, and holds up none of them.
 *
 * @param smaller the next smaller form of what was refused; null when there is none
 * Thrown: RecordTooLarge when the topic refuses one of which nothing more can be left out; what else publishing throws, with
 * an unknown outcome.
 */
export async function publishFitting<Item extends { record: OutRecord }>(
  items: readonly Item[],
  smaller: (refused: Item, refusal: RecordTooLarge) => Promise<Item | null> | Item | null,
  publisher: RecordPublisher,
  signal: AbortSignal,
): Promise<void> {
  let left = items;
  while (left.length > 0) {
    try {
      await publisher.publish(
        left.map(({ record }) => record),
        { signal },
      );
      return;
    } catch (error) {
      if (!(error instanceof RecordTooLarge)) throw error;
      // All before the refused one is written.
      const index = left.findIndex(({ record }) => record === error.record);
      const refused = left[index];
      const fitting = refused === undefined ? null : await smaller(refused, error);
      if (fitting === null) throw error;
      left = [fitting, ...left.slice(index + 1)];
    }
  }
}
