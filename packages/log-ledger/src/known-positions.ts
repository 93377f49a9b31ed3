import type { TopicPartition } from '@runlane/kafka';
import { RetryableError, Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

/** Thrown when the ledger has lost positions that this process has seen in it; nothing of the batch was stored. */
export class LedgerWentBack extends RetryableError {
  constructor({ topic, partition }: TopicPartition, known: bigint, found: bigint) {
    super(
      `The ledger had read ${topic}/${partition} up to offset ${known} and now says ${found}: it went back by a failover ` +
        `or a restore. The records after ${found} are read again.`,
    );
  }
}

/**
 * Purpose   Notices that the ledger was put back: a failover to an asynchronous standby, or a restore, loses commits, and
 *           their records would never be read again, because Kafka's client continues after them.
 * I1, I11   Each committed position is remembered. If it is lower later, or missing, the member of the group joins again and
 *           reads from the ledger's place (`resumeFromLedger`).
 * A batch that was fetched earlier fails too, whatever its partition: its records come after those that have to be read
 *           again.
 */
export class KnownPositions {
  readonly #known = new Map<string, bigint>();
  /** How often the ledger was found to have been put back. */
  #losses = 0;
  readonly #rejoin: (reason: LedgerWentBack) => void;

  /** @param rejoin ends the member of the consumer group, so that another one asks the ledger where to read */
  constructor(rejoin: (reason: LedgerWentBack) => void) {
    this.#rejoin = rejoin;
  }

  /** The ledger has the partition up to this offset, or further. */
  note(at: TopicPartition, offset: bigint): void {
    const key = keyOf(at);
    if (offset > (this.#known.get(key) ?? -1n)) this.#known.set(key, offset);
  }

  /** The check for a batch that was fetched just now; made before anything is awaited for the batch. */
  forBatch(): PositionCheck {
    const lossesBefore = this.#losses;
    return {
      check: (at, offset) => {
        if (this.#losses !== lossesBefore) {
          throw new RetryableError(
            `The ledger went back while a batch of ${at.topic}/${at.partition} was under way; it is read again.`,
          );
        }
        const lost = this.#compare(at, this.#known.get(keyOf(at)) ?? -1n, offset);
        if (lost === null) return;
        this.#rejoin(lost);
        throw lost;
      },
    };
  }

  /**
   * The same for all partitions of a topic, at most one of which is told. The known positions are copied before the ledger
   * is asked, so that a batch which commits before the answer arrives does not look like a step back.
   */
  async checkAll(topic: string, read: () => Promise<ReadonlyMap<number, bigint>>): Promise<void> {
    const before = [...this.#known];
    const positions = await read();
    let first: LedgerWentBack | null = null;
    for (const [key, known] of before) {
      const at = partitionOf(key);
      if (at.topic !== topic) continue;
      const lost = this.#compare(at, known, positions.get(at.partition) ?? -1n);
      first ??= lost;
    }
    if (first !== null) this.#rejoin(first);
  }

  #compare(at: TopicPartition, known: bigint, offset: bigint): LedgerWentBack | null {
    if (offset >= known) {
      this.note(at, offset);
      return null;
    }
    this.#known.set(keyOf(at), offset);
    this.#losses += 1;
    return new LedgerWentBack(at, known, offset);
  }
}

/** The ledger's position now, -1 for none. Thrown: RetryableError when the ledger was put back; then nothing may be stored. */
export type PositionCheck = { check: (at: TopicPartition, offset: bigint) => void };

export type WatchPositionsOptions = {
  known: KnownPositions;
  topic: string;
  read: () => Promise<ReadonlyMap<number, bigint>>;
  /** Time between two looks, in milliseconds. */
  everyMs: number;
  logger: Logger;
};

/** Looks at the ledger's positions until `signal` aborts: without new records nobody else would. */
export async function watchPositionsUntil(signal: AbortSignal, options: WatchPositionsOptions): Promise<void> {
  const pause = new Wakeup();
  while (!signal.aborted) {
    try {
      await options.known.checkAll(options.topic, options.read);
    } catch (error) {
      options.logger.debug({ err: error }, 'positions.not_read');
    }
    await pause.wait(options.everyMs, signal);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function partitionOf(key: string): TopicPartition {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}
