import type { Assignment, KafkaConnection, KafkaLogger, PartitionBatch, RecordConsumer, Seek } from '@runlane/kafka';
import { createEventDecoder } from './received-event.ts';
import type { ReceivedEvent } from './received-event.ts';
import { createRepeatFilter } from './repeats.ts';

/** Where partitions are read from. */
export type Positions = Map<number, bigint>;

export type ReaderOptions = {
  kafka: KafkaConnection;
  logger: KafkaLogger;
  topic: string;
  group: string;
  /** Whether the group's commits say where to continue; otherwise the reader remembers it. */
  isCommitting: boolean;
  /** Where to begin on partitions without a commit. Without commits it is kept up to date as events are taken. */
  positions: Positions;
  /** How long `take` may take before the group goes on without this reader, in milliseconds. */
  patienceMs: number;
  /**
   * Takes the events of one partition in order; resolves when the next ones may come. `taken` is called for each event that
   * was handed on. After a rejection, or when the signal aborts, events that were not taken are delivered again.
   */
  take(events: readonly OwnedEvent[], signal: AbortSignal, taken: (event: OwnedEvent) => void): Promise<void>;
};

/** An event and the assignment under which it was read. */
export type OwnedEvent = ReceivedEvent & { generation: number };

const DRAIN_MS = 5_000;

/** Reads the status topic as a member of a group: decoded, without repeats. */
export type EventReader = {
  /** Rejects when reading can never go on. */
  readonly failed: Promise<never>;
  commit(event: OwnedEvent): Promise<void>;
  close(): Promise<void>;
};

/** Starts reading; positions are applied with the first assignment. */
export function startEventReader(options: ReaderOptions): EventReader {
  const { kafka, logger, topic, group, isCommitting } = options;
  const decode = createEventDecoder(logger);
  const isRepeat = createRepeatFilter();
  const next = options.positions;
  const committed = new Map<string, bigint>();

  async function onAssigned({ partitions }: Assignment, seek: Seek): Promise<void> {
    const known = isCommitting ? await committedOffsets() : new Map<number, bigint>();
    for (const partition of partitions) {
      const position = known.has(partition.partition) ? undefined : next.get(partition.partition);
      if (position !== undefined) seek(partition, position);
    }
  }

  async function committedOffsets(): Promise<Map<number, bigint>> {
    const admin = await kafka.admin();
    try {
      return await admin.committedOffsets(group, topic);
    } finally {
      await admin.close();
    }
  }

  async function handle(
    { records, partition }: PartitionBatch,
    { signal, generation }: { signal: AbortSignal; generation: number },
  ): Promise<{ readThrough: bigint } | null> {
    const events: OwnedEvent[] = [];
    for (const record of records) {
      const reading = await decode(record);
      if (reading.kind === 'skipped') {
        const { offset } = record;
        logger.warn({ topic, partition, offset: String(offset) }, `record.skipped: one of ${topic}, ${reading.why}`);
      } else if (!isRepeat(reading.received.event.event_id, partition, record.offset)) {
        events.push({ ...reading.received, generation });
      }
    }
    await options.take(events, signal, ({ offset }) => remember(partition, offset));
    signal.throwIfAborted();
    const last = records.at(-1);
    if (last === undefined) return null;
    remember(partition, last.offset);
    return { readThrough: last.offset };
  }

  // A group that commits goes back to its commits, and to where it began without one.
  function remember(partition: number, offset: bigint): void {
    if (!isCommitting) next.set(partition, offset + 1n);
  }

  const consumer: RecordConsumer = kafka.consumer({
    group,
    topics: [topic],
    handle,
    onAssigned,
    partitionsInParallel: 24,
    tuning: { rebalanceTimeoutMs: options.patienceMs, retryMaxMs: 2_000 },
  });
  const started = consumer.start();
  return {
    failed: consumer.failed,
    commit: async ({ partition, offset, generation }) => {
      // A commit of an earlier event must not take back one of a later.
      const key = `${generation}/${partition}`;
      if (offset <= (committed.get(key) ?? -1n)) return;
      await consumer.commit({ topic, partition }, offset, generation);
      committed.set(key, offset);
    },
    close: async () => {
      await started;
      await consumer.drain(DRAIN_MS);
    },
  };
}
