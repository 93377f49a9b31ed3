import type { InRecord, PartitionBatch, TopicPartition } from '../port.ts';

/** What a fetch has brought of a partition and no handler has got yet. `records` may be empty: marks, aborted records. */
export type Fetched = {
  records: InRecord[];
  nextOffset: bigint;
  highWatermark: bigint;
  lowWatermark: bigint;
};

/**
 * Where a member stands in one partition that it owns.
 * S-I1  `position` is the next offset that a handler gets; it moves only with the outcome of a handler, or a seek.
 * S-I2  What is fetched begins at `position`, or is thrown away.
 */
export class PartitionState implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Null until the broker has told where the group, or the topic, begins. */
  position: bigint | null = null;
  /** What the group has committed; null when it has committed nothing. */
  committed: bigint | null = null;
  fetched: Fetched | null = null;
  isHandled = false;
  /** The broker that leads it; -1 when none does. */
  leader = -1;
  /** The turn in which it brought records last: who has waited longest is asked for first. */
  lastTurn = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  get key(): string {
    return `${this.topic}/${this.partition}`;
  }

  moveTo(offset: bigint): void {
    this.position = offset;
    this.fetched = null;
  }

  /** Moves behind `through`, and behind what lies between the last record and the end of what was fetched. */
  handledThrough(through: bigint, fetched: Fetched): void {
    this.moveTo(this.behind(through, fetched));
  }

  /** The next offset to read when everything through `through` is done. */
  behind(through: bigint, { records, nextOffset }: Fetched): bigint {
    return through === records.at(-1)?.offset ? nextOffset : through + 1n;
  }

  toBatch({ records, highWatermark, lowWatermark }: Fetched): PartitionBatch {
    return { topic: this.topic, partition: this.partition, records, highWatermark, lowWatermark };
  }
}
