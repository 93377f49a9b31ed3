/** What a letter becomes when it is published again, and whether it was published already. */
import { REDRIVE_HEADER } from '@runlane/contracts';
import type { InRecord, OutRecord } from '@runlane/kafka';
import { problemOfRequest } from '@runlane/run-consumer/requests';
import { placeOf } from './dead-letter.ts';
import type { Letter } from './dead-letter.ts';
import type { Kafka } from '../deployment-kafka.ts';
import { readTopic } from '../read-topic.ts';
import type { EditedRecord } from './replace-record.ts';

/** The clocks of two machines may differ by this, in milliseconds. */
const CLOCK_MARGIN_MS = 3_600_000;

/** The places of redriven records, by the place of their letter. */
export async function redrivenBefore(
  letters: readonly Letter[],
  { kafka, topics, prefix }: Pick<Kafka, 'kafka' | 'topics' | 'prefix'>,
): Promise<Map<string, string>> {
  const wanted = new Set(letters.map(placeOf));
  const found = new Map<string, string>();
  const oldestMs = Math.min(...letters.map(({ record }) => record.timestampMs));
  await readTopic(kafka, {
    topic: topics.requests,
    groupPrefix: prefix,
    from: new Date(Math.max(oldestMs - CLOCK_MARGIN_MS, 0)),
    onRecord: ({ topic, partition, offset, headers }: InRecord) => {
      const of = headers.get(REDRIVE_HEADER)?.at(-1)?.toString('utf8');
      if (of !== undefined && wanted.has(of)) found.set(of, `${topic}/${partition}/${offset}`);
    },
  });
  return found;
}

/** What would be published of a letter, or why nothing should, in admission's own words. */
export async function redrivenRecord(
  letter: Letter,
  edited: EditedRecord,
  { codec, maxRequestBytes, topics }: Pick<Kafka, 'codec' | 'maxRequestBytes' | 'topics'>,
): Promise<{ problem: string } | { problem: null; record: OutRecord }> {
  if (edited.value === null) {
    return { problem: `it has no value. If it was too large, its value is in the log at ${letter.source}` };
  }
  const headers = Object.fromEntries(
    [...letter.record.headers].filter(([name]) => !name.startsWith('dlq.') && name !== REDRIVE_HEADER),
  );
  const asRead = { ...letter.record, ...edited, headers: new Map(Object.entries(headers)) };
  const problem = await problemOfRequest(asRead, { codec, maxRequestBytes });
  if (problem !== null) return { problem: `it would be a dead letter again (${problem.code}): ${problem.message}` };
  const named = { ...headers, [REDRIVE_HEADER]: placeOf(letter) };
  return { problem: null, record: { topic: topics.requests, ...edited, headers: named } };
}
