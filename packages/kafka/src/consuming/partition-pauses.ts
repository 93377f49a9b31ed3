import type { TopicPartition } from '../port.ts';

/** The part of a group member that pauses act on. Both may be called for partitions it does not own. */
export type FetchControl = { pause(partition: TopicPartition): void; resume(partition: TopicPartition): void };

type BackOff = { partition: TopicPartition; failures: number; timer: NodeJS.Timeout | null };

export type BackOffTuning = { initialMs: number; maxMs: number };

export type PartitionPauses = ReturnType<typeof createPartitionPauses>;

/**
 * Purpose   Knows which partitions must not be fetched, and why: the caller asked, or their handler failed.
 * Owns      The timers of back-offs. The library's own set of pauses is only a copy, rebuilt at every join, because that of
 *           kafkajs outlives rebalances and would leave a partition that comes back paused for ever (K4).
 * Z-I1      A partition is fetched exactly when neither reason holds.
 * Z-I2      A back-off ends with its timer, its success or the next join; requested pauses end by request only.
 */
export function createPartitionPauses(tuning: BackOffTuning) {
  const requested = new Map<string, TopicPartition>();
  const backOffs = new Map<string, BackOff>();
  let fetching: FetchControl | null = null;

  function isPaused(partition: TopicPartition): boolean {
    const key = keyOf(partition);
    return requested.has(key) || (backOffs.get(key)?.timer ?? null) !== null;
  }

  function forgetBackOffs(): void {
    for (const { timer } of backOffs.values()) clearTimeout(timer ?? undefined);
    backOffs.clear();
  }

  function endWait(key: string): void {
    const backOff = backOffs.get(key);
    if (backOff === undefined) return;
    backOff.timer = null;
    if (!requested.has(key)) fetching?.resume(backOff.partition);
  }

  return {
    isPaused,
    /** Pauses until `release`, also across rebalances. */
    request: (partitions: readonly TopicPartition[]): void => {
      for (const partition of partitions) {
        requested.set(keyOf(partition), partition);
        fetching?.pause(partition);
      }
    },
    release: (partitions: readonly TopicPartition[]): void => {
      for (const partition of partitions) {
        requested.delete(keyOf(partition));
        if (!isPaused(partition)) fetching?.resume(partition);
      }
    },
    /** Pauses for a time that doubles with each failure in a row, and returns it in milliseconds. */
    backOff: (partition: TopicPartition): number => {
      const key = keyOf(partition);
      const earlier = backOffs.get(key);
      clearTimeout(earlier?.timer ?? undefined);
      const failures = (earlier?.failures ?? 0) + 1;
      const waitMs = Math.min(tuning.initialMs * 2 ** (failures - 1), tuning.maxMs);
      backOffs.set(key, { partition, failures, timer: setTimeout(() => endWait(key), waitMs) });
      fetching?.pause(partition);
      return waitMs;
    },
    /** The partition's next failure starts from the shortest back-off again. */
    succeeded: (partition: TopicPartition): void => {
      const key = keyOf(partition);
      clearTimeout(backOffs.get(key)?.timer ?? undefined);
      backOffs.delete(key);
    },
    /** A new generation: back-offs end, and the requested pauses are all that is left to apply. */
    joined: (control: FetchControl): void => {
      forgetBackOffs();
      fetching = control;
      for (const partition of requested.values()) control.pause(partition);
    },
    /** The member is gone: nothing to act on until the next join. */
    left: (): void => {
      forgetBackOffs();
      fetching = null;
    },
  };
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
