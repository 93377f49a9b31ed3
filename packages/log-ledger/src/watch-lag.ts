import type { KafkaConnection, KafkaLogger, TopicPartition } from '@runlane/kafka';
import { Wakeup } from '@runlane/service-kit';

export type WatchLagOptions = {
  kafka: KafkaConnection;
  topic: string;
  /** The partitions that this process reads now; other processes report theirs. */
  partitions: () => readonly TopicPartition[];
  /** The positions of the ledger: the offset of the last record of each partition that is in it. */
  read: () => Promise<ReadonlyMap<number, bigint>>;
  /** How many records of each partition are not in the ledger; null when that could not be read. */
  onLag: (byPartition: ReadonlyMap<number, number> | null) => void;
  /** Time between two looks, in milliseconds. Default 10 000. */
  everyMs?: number;
  logger: Pick<KafkaLogger, 'warn'>;
};

const LOOK_EVERY_MS = 10_000;

/**
 * Reports how far the ledger is behind the log until `signal` aborts, even while no record can be stored. Never rejects.
 */
export async function watchLagUntil(signal: AbortSignal, options: WatchLagOptions): Promise<void> {
  const { kafka, onLag, everyMs = LOOK_EVERY_MS, logger } = options;
  const pause = new Wakeup();
  const admin = await kafka.admin();
  try {
    while (!signal.aborted) {
      try {
        // The positions first: a record that comes in between counts as lag, and not as less than none.
        const positions = await options.read();
        onLag(
          lagOf(options.partitions(), positions, await admin.endOffsets(options.topic, { withoutLeaderless: true })),
        );
      } catch (error) {
        onLag(null);
        logger.warn({ err: error }, 'lag.not_read');
      }
      await pause.wait(everyMs, signal);
    }
  } finally {
    onLag(null);
    await admin.close();
  }
}

function lagOf(
  partitions: readonly TopicPartition[],
  positions: ReadonlyMap<number, bigint>,
  ends: ReadonlyMap<number, { low: bigint; high: bigint }>,
): Map<number, number> {
  const lag = new Map<number, number>();
  for (const { partition } of partitions) {
    const end = ends.get(partition);
    if (end !== undefined) lag.set(partition, recordsBehind(positions.get(partition), end));
  }
  return lag;
}

/**
 * How many records of a partition are stored in the log and not in the ledger. What retention has deleted does not count.
 *
 * @param position of the ledger: the offset of the last record that is in it; undefined when it has none
 * @param end `low`: the first offset that is still stored; `high`: the next one to be written
 */
export function recordsBehind(position: bigint | undefined, { low, high }: { low: bigint; high: bigint }): number {
  const next = (position ?? -1n) + 1n;
  const from = next > low ? next : low;
  return Math.max(0, Number(high - from));
}
