import type { DeadLetterReason } from '@runlane/contracts';
import { PoisonError, parseJson } from '@runlane/kafka';
import type { InRecord, ValueCodec } from '@runlane/kafka';
import type { Reading } from '../../app/receive-run-requests.ts';
import { interpretRecord } from '../../domain/run-request.ts';
import type { WebhookJudge } from '../../domain/webhook-target.ts';

export type ReadOptions = {
  codec: Pick<ValueCodec, 'unframe'>;
  /** Most bytes of a value (RUNLANE_MAX_REQUEST_BYTES). */
  maxRequestBytes: number;
  judgeWebhook: WebhookJudge;
};

/**
 * Decodes a record as far as it goes: a run request, a cancel, or the reason why it is a dead letter.
 *
 * Thrown: RetriableError while the schema registry is away (I11).
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
  if (value === null) return deadLetter('undecodable', 'The record has no value. Send a RunCreate as JSON.');
  if (value.length > maxRequestBytes) {
    return deadLetter(
      'too_large',
      `The value has ${value.length} bytes; at most ${maxRequestBytes} are taken (RUNLANE_MAX_REQUEST_BYTES). ` +
        'Store large content elsewhere and send a reference.',
    );
  }
  const decoded = {
    coordinates: { topic, partition, offset, timestampMs },
    key: record.key === null ? null : record.key.toString('utf8'),
    type: headerText(record, 'ce_type'),
    traceparent: headerText(record, 'traceparent'),
    json: parseJson(await codec.unframe(value)),
  };
  return interpretRecord(decoded, judgeWebhook);
}

/** The last value of a header, as the producer that added it last meant it; null without one. */
function headerText(record: InRecord, name: string): string | null {
  return record.headers.get(name)?.at(-1)?.toString('utf8') ?? null;
}

function deadLetter(code: DeadLetterReason['code'], message: string): Reading['content'] {
  return { kind: 'dead_letter', reason: { code, message } };
}
