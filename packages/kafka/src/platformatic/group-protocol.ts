import type { TopicPartition } from '../port.ts';

/**
 * The name of kafkajs' assigner, and what it does: members on either client can share a group, as they do while a deployment
 * changes from one to the other.
 */
export const ASSIGNER = 'RoundRobinAssigner';
export const PROTOCOL_TYPE = 'consumer';

const VERSION = 0;

/** What a member tells about itself when it joins. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  return Buffer.concat([int16(VERSION), int32(topics.length), ...topics.map(text), int32(0)]);
}

/** Every partition in turn, to the members in the order of their ids. */
export function assignRoundRobin(
  memberIds: readonly string[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const sorted = memberIds.toSorted();
  const assigned = new Map<string, TopicPartition[]>(sorted.map((id) => [id, []]));
  const all = [...partitionCounts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  for (const [index, partition] of all.entries()) {
    assigned.get(sorted[index % sorted.length] ?? '')?.push(partition);
  }
  return assigned;
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const byTopic = [...Map.groupBy(partitions, ({ topic }) => topic)];
  return Buffer.concat([
    int16(VERSION),
    int32(byTopic.length),
    ...byTopic.flatMap(([topic, ofTopic]) => [
      text(topic),
      int32(ofTopic.length),
      ...ofTopic.map(({ partition }) => int32(partition)),
    ]),
    int32(0),
  ]);
}

/** Partitions per topic. A member without any may get no bytes at all. */
export function decodeAssignment(bytes: Buffer): Record<string, number[]> {
  const assignment: Record<string, number[]> = {};
  if (bytes.length === 0) return assignment;
  let at = 2;
  const nextInt32 = (): number => {
    at += 4;
    return bytes.readInt32BE(at - 4);
  };
  const topicCount = nextInt32();
  for (let index = 0; index < topicCount; index += 1) {
    const length = bytes.readInt16BE(at);
    const topic = bytes.toString('utf8', at + 2, at + 2 + length);
    at += 2 + length;
    assignment[topic] = Array.from({ length: nextInt32() }, nextInt32);
  }
  return assignment;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
