import type { BatchHandler, PartitionBatch } from '../port.ts';
import { lastOffset, numberIn } from './fixtures.ts';

/** Descriptions of what went wrong; empty when nothing did. */
export type Verdict = string[];

/**
 * Watches numbered records (0, 1, 2, … per partition, each at the offset of its number) being handled by any number of
 * group members.
 *
 * No gap: a delivery never begins behind the first number that no handler has finished.
 * No needless repeat: a delivery never begins before an offset that the group had committed when the batch came.
 * No early commit: the committed offset never runs ahead of what handlers finished.
 */
export function createOracle(partitions: number) {
  const finished = Array<number>(partitions).fill(0);
  const problems: Verdict = [];
  let repeats = 0;

  function check({ partition, records }: PartitionBatch): void {
    const numbers = records.map(numberIn);
    const [from = -1] = numbers;
    const expected = finished[partition] ?? 0;
    if (from > expected) problems.push(`partition ${partition}: ${from} came before ${expected} was handled`);
    if (from < expected) repeats += expected - from;
    const isConsecutive = numbers.every((number, index) => number === from + index);
    if (!isConsecutive) problems.push(`partition ${partition}: a batch is not consecutive: ${numbers.join(' ')}`);
  }

  return {
    problems,
    /** Records that were handled more than once. */
    repeatCount: (): number => repeats,
    finished: (): readonly number[] => finished,
    isComplete: (perPartition: number): boolean => finished.every((count) => count === perPartition),
    /** A handler that takes a moment, reports to the oracle and finishes whole batches. */
    handler: (work: () => Promise<void>): BatchHandler => {
      return async (batch, { signal }) => {
        check(batch);
        await work();
        if (signal.aborted) return null;
        const done = Number(lastOffset(batch)) + 1;
        finished[batch.partition] = Math.max(finished[batch.partition] ?? 0, done);
        return { commitThrough: lastOffset(batch) };
      };
    },
    /** Call this with the broker's answer, before `finished` can grow further. */
    checkCommitted: (committed: ReadonlyMap<number, bigint>): void => {
      for (const [partition, offset] of committed) {
        const done = finished[partition] ?? 0;
        if (offset > BigInt(done)) problems.push(`partition ${partition}: committed ${offset}, handled ${done}`);
      }
    },
  };
}
