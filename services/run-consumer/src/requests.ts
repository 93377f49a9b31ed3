/** What others may ask about requests: this module is the package's entry for those who publish records again. */
import type { DeadLetterReason } from '@runlane/contracts';
import type { InRecord, ValueCodec } from '@runlane/kafka';
import { readRecord } from './adapters/kafka/read-record.ts';

/**
 * Why admission would make a dead letter of the record, by every rule that needs nothing but the record; null when it would
 * take it. Where webhooks may go is not asked: that is no dead letter.
 *
 * Thrown: RetriableError while the schema registry is away.
 */
export async function problemOfRequest(
  record: InRecord,
  options: { codec: Pick<ValueCodec, 'unframe'>; maxRequestBytes: number },
): Promise<DeadLetterReason | null> {
  const { content } = await readRecord(record, { ...options, judgeWebhook: () => null });
  return content.kind === 'dead_letter' ? content.reason : null;
}
