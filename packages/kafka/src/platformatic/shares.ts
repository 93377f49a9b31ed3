import type { MessageRecord } from '@platformatic/kafka';
import { partitionForKey } from '../partitioner.ts';
import type { OutRecord } from '../port.ts';
import type { Item } from '../publishing/sender.ts';
import { KafkaAnswer } from './answers.ts';
import type { Cluster, TopicLayout } from './cluster.ts';

type Partitions = NonNullable<ReturnType<TopicLayout['get']>>;

/** The records of one send that share a partition, in their order. `name` is `topic/partition`. */
export type Share = { topic: string; partition: number; name: string; items: Item[]; messages: MessageRecord[] };

/** Where the records of one producer go, and who leads their partitions. */
export type Shares = {
  /** Begins a batch; see `Sender.begin`. */
  begin(leavesOut: boolean): void;
  /** Thrown when a topic does not exist, or no broker tells: errors that pass. */
  of(items: readonly Item[]): Promise<Share[]>;
  /** Learns anew who leads the partitions of these topics. */
  locate(topics: readonly string[]): Promise<void>;
  /** -1 when no broker leads it. */
  leaderOf(topic: string, partition: number): number;
  /** In this batch the partition takes nothing, and the batch does not wait for it. */
  isLeftOut(topic: string, partition: number): boolean;
  leaveOut(topic: string, partition: number): void;
};

const UNKNOWN_TOPIC = 3;

export function createShares(cluster: Cluster, metadataMaxAgeMs: number): Shares {
  const layouts = new Map<string, { partitions: Partitions; knownAt: number }>();
  const left = new Set<string>();
  let leavesOut = false;
  let nextWithoutKey = 0;

  async function locate(topics: readonly string[]): Promise<void> {
    const asked = [...new Set(topics)];
    const layout = await cluster.layoutOf(asked);
    for (const topic of asked) {
      const partitions = layout.get(topic);
      if (partitions === undefined) layouts.delete(topic);
      else layouts.set(topic, { partitions, knownAt: performance.now() });
    }
  }

  function isFresh(topic: string): boolean {
    const layout = layouts.get(topic);
    return (
      layout !== undefined &&
      performance.now() - layout.knownAt < metadataMaxAgeMs &&
      layout.partitions.every(({ leaderId }) => leaderId >= 0)
    );
  }

  function partitionsOf(topic: string): Partitions {
    const layout = layouts.get(topic);
    if (layout === undefined) throw new KafkaAnswer(UNKNOWN_TOPIC, `topic ${topic}`);
    return layout.partitions;
  }

  function leaderOf(topic: string, partition: number): number {
    return layouts.get(topic)?.partitions[partition]?.leaderId ?? -1;
  }

  function isLeftOut(topic: string, partition: number): boolean {
    if (!leavesOut) return false;
    const name = `${topic}/${partition}`;
    if (leaderOf(topic, partition) < 0) left.add(name);
    return left.has(name);
  }

  /** A record without a key goes to the partitions in turn, but not to those that take nothing now. */
  function choose({ topic, key, partition }: OutRecord): number {
    const partitions = partitionsOf(topic);
    if (partition !== undefined) return partition;
    if (key !== null) return partitionForKey(key, partitions.length);
    nextWithoutKey += 1;
    const open = partitions.filter(
      ({ partitionIndex, leaderId }) => leaderId >= 0 && !left.has(`${topic}/${partitionIndex}`),
    );
    const among = open.length > 0 ? open : partitions;
    return among[nextWithoutKey % among.length]?.partitionIndex ?? 0;
  }

  return {
    begin: (shallLeaveOut) => {
      leavesOut = shallLeaveOut;
      left.clear();
    },
    of: async (items) => {
      const stale = [...new Set(items.map(({ record }) => record.topic))].filter((topic) => !isFresh(topic));
      if (stale.length > 0) await locate(stale);
      const shares = new Map<string, Share>();
      for (const item of items) {
        const { topic } = item.record;
        const partition = item.partition ?? choose(item.record);
        const name = `${topic}/${partition}`;
        const share = shares.get(name) ?? { topic, partition, name, items: [], messages: [] };
        shares.set(name, share);
        share.items.push(item);
        share.messages.push(toMessage(item.record, partition));
      }
      return [...shares.values()];
    },
    locate,
    leaderOf,
    isLeftOut,
    leaveOut: (topic, partition) => {
      left.add(`${topic}/${partition}`);
    },
  };
}

/** The library takes headers as a map; with buffers as keys a name may come several times. */
function toMessage({ topic, key, value, headers }: OutRecord, partition: number): MessageRecord {
  const sent = new Map<Buffer, Buffer>();
  for (const [name, values] of Object.entries(headers)) {
    for (const one of [values].flat()) sent.set(Buffer.from(name), toBytes(one));
  }
  return {
    topic,
    partition,
    // Absent is null on the wire.
    ...(key === null ? {} : { key: toBytes(key) }),
    ...(value === null ? {} : { value }),
    headers: sent,
  } as MessageRecord;
}

function toBytes(value: Buffer | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}
