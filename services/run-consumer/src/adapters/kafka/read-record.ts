import { requestSizeProblem } from '@runlane/contracts';
import type { DeadLetterReason } from '@runlane/contracts';
import { PoisonError, parseJson } from '@runlane/kafka';
import type { InRecord, ValueCodec } from '@runlane/kafka';
import type { Reading } from '../../app/receive-run-requests.ts';
import { interpretRecord } from '../../domain/run-request.ts';
import type { WebhookJudge } from '../../domain/webhook-target.ts';

/** Most values of headers, repeated ones counted, and most bytes of them: far above what any client sets. */
const MAX_HEADERS = 1_000;
const MAX_HEADER_BYTES = 256 * 1024;

export type ReadOptions = {
  codec: Pick<ValueCodec, 'unframe'>;
  /** Most bytes of a value (RUNLANE_MAX_REQUEST_BYTES). */
  maxRequestBytes: number;
  judgeWebhook: WebhookJudge;
};

/**
 * Decodes a record into a run request, a cancel, or the reason why it is a dead letter.
 *
 * Thrown: RetryableError while the schema registry is away (I11).
 */
export async function readRecord(record: InRecord, options: ReadOptions): Promise<Reading> {
  try {
    return { record, content: await contentOf(record, options) };
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    return { record, content: deadLetter(error.code, error.message) };
  }
}

async function contentOf(
  record: InRecord,
  { codec, maxRequestBytes, judgeWebhook }: ReadOptions,
): Promise<Reading['content']> {
  const { topic, partition, offset, timestampMs, value } = record;
  if (record.unreadable !== undefined) return deadLetter('undecodable', unreadableText(record.unreadable, offset));
  const refused = refusedHeaders(record.headers);
  if (refused !== null) return deadLetter('too_large', refused);
  if (value === null) return deadLetter('undecodable', 'The record has no value. Send a RunCreate as JSON.');
  const oversize = requestSizeProblem(value.length, maxRequestBytes);
  if (oversize !== null) return { kind: 'dead_letter', reason: oversize };
  const decoded = {
    coordinates: { topic, partition, offset, timestampMs },
    key: record.key === null ? null : record.key.toString('utf8'),
    type: headerText(record, 'ce_type'),
    traceparent: headerText(record, 'traceparent'),
    json: parseJson(await codec.unframe(value)),
  };
  return interpretRecord(decoded, judgeWebhook);
}

function unreadableText({ firstOffset, reason }: NonNullable<InRecord['unreadable']>, offset: bigint): string {
  return (
    `The batch of offsets ${firstOffset} to ${offset} cannot be read: ${reason}. Its records are in the log as they ` +
    'were sent; publish them again, in a codec of Kafka (none, gzip, snappy, lz4, zstd).'
  );
}

function refusedHeaders(headers: InRecord['headers']): string | null {
  let count = 0;
  let bytes = 0;
  for (const [name, values] of headers) {
    count += values.length;
    for (const value of values) bytes += Buffer.byteLength(name) + value.length;
  }
  if (count <= MAX_HEADERS && bytes <= MAX_HEADER_BYTES) return null;
  return `The record has ${count} headers of ${bytes} bytes; at most ${MAX_HEADERS} of ${MAX_HEADER_BYTES} bytes are accepted.`;
}

/** The last value of a header, because the producer that adds a header last wins; null without one. */
function headerText(record: InRecord, name: string): string | null {
  return record.headers.get(name)?.at(-1)?.toString('utf8') ?? null;
}

function deadLetter(code: DeadLetterReason['code'], message: string): Reading['content'] {
  return { kind: 'dead_letter', reason: { code, message } };
}
