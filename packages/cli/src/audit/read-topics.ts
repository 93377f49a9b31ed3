/** Reads what an audit compares out of the topics. */
import { DEAD_LETTER_HEADERS, parseRunStatusEvent } from '@runlane/contracts';
import { PoisonError, parseJson, partitionForKey } from '@runlane/kafka';
import type { InRecord } from '@runlane/kafka';
import { expectationOf } from '@runlane/run-consumer/audit';
import type { Kafka } from '../deployment-kafka.ts';
import { readTopic } from '../read-topic.ts';
import { SeenEvents } from './seen.ts';
import type { AskedRecord } from './seen.ts';

/** The requests since then. */
export async function readRequests({ kafka, codec, topics, prefix, maxRequestBytes }: Kafka, from: Date) {
  const asked: AskedRecord[] = [];
  await readTopic(kafka, {
    topic: topics.requests,
    groupPrefix: prefix,
    from,
    onRecord: async (record) => {
      const { topic, partition, offset, timestampMs } = record;
      const expected = await expectationOf(record, { codec, maxRequestBytes });
      asked.push({ place: `${topic}/${partition}/${offset}`, partition, offset, timestampMs, expected });
    },
  });
  return asked;
}

/** The events since then, and of which threads some may have left the topic before it was read. */
export async function readEvents({ kafka, codec, topics, prefix }: Kafka, from: Date) {
  const events = new SeenEvents();
  const { partitionCount, shortened } = await shortenedPartitions(kafka, topics.status, from);
  await readTopic(kafka, {
    topic: topics.status,
    groupPrefix: prefix,
    from,
    onRecord: async (record) => {
      const event = await eventOf(record, codec);
      if (event === null) events.unreadableCount += 1;
      else events.add(event, record);
    },
  });
  const isShortened = (threadId: string) => shortened.has(partitionForKey(threadId, partitionCount));
  return { events, isShortened };
}

/** The places of the requests that became dead letters since then. */
export async function readDeadLetters({ kafka, topics, prefix }: Kafka, from: Date): Promise<Set<string>> {
  const places = new Set<string>();
  const { topic, partition, offset } = DEAD_LETTER_HEADERS;
  await readTopic(kafka, {
    topic: topics.deadLetters,
    groupPrefix: prefix,
    from,
    onRecord: ({ headers }) => {
      places.add([topic, partition, offset].map((name) => headers.get(name)?.at(-1)?.toString('utf8') ?? '').join('/'));
    },
  });
  return places;
}

async function eventOf(record: InRecord, codec: Kafka['codec']) {
  if (record.value === null) return null;
  try {
    const parsed = parseRunStatusEvent(parseJson(await codec.unframe(record.value)));
    return parsed.kind === 'invalid' ? null : parsed.event;
  } catch (error) {
    if (error instanceof PoisonError) return null;
    throw error;
  }
}

/** Partitions from which retention has deleted records that may belong to the examined time. */
async function shortenedPartitions(kafka: Kafka['kafka'], topic: string, from: Date) {
  const admin = await kafka.admin();
  try {
    const ends = await admin.endOffsets(topic);
    const starts = await admin.offsetsAt(topic, from.getTime());
    const shortened = [...ends].filter(([id, { low }]) => low > 0n && (starts.get(id) ?? low) <= low);
    return { partitionCount: ends.size, shortened: new Set(shortened.map(([id]) => id)) };
  } finally {
    await admin.close();
  }
}
