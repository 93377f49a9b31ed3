/** What others may ask about requests: this module is the package's entry for those who publish records again. */
import type { DeadLetterReason } from '@runlane/contracts';
import type { InRecord, ValueCodec } from '@runlane/kafka';
import { readRecord } from './adapters/kafka/read-record.ts';

/** `maxRequestBytes`: RUNLANE_MAX_REQUEST_BYTES. */
export type RequestReadingOptions = { codec: Pick<ValueCodec, 'unframe'>; maxRequestBytes: number };

/**
 * Why admission would make a dead letter of the record, by every rule that needs nothing but the record; null when admission
 * would take it. Where webhooks may go is not checked: a refused webhook is no dead letter.
 *
 * Thrown: RetryableError while the schema registry is away.
 */
export async function problemOfRequest(
  record: InRecord,
  options: RequestReadingOptions,
): Promise<DeadLetterReason | null> {
  const expected = await expectationOf(record, options);
  return expected.kind === 'dead_letter' ? expected.reason : null;
}

/** What must have happened to a record that admission has read, by every rule that needs nothing but the record. */
export type Expectation =
  /** It is in the ledger under its id, however it ended; it is a dead letter only if the ledger refused it. */
  | { kind: 'run'; runId: string; isScheduled: boolean }
  | { kind: 'dead_letter'; reason: DeadLetterReason }
  /** It leaves nothing of its own, or a dead letter if the run is unknown. */
  | { kind: 'cancel' };

/** Thrown: RetryableError while the schema registry is away. */
export async function expectationOf(record: InRecord, options: RequestReadingOptions): Promise<Expectation> {
  const { content } = await readRecord(record, { ...options, judgeWebhook: () => null });
  switch (content.kind) {
    case 'create':
      return { kind: 'run', runId: content.runId, isScheduled: content.request.after_seconds !== null };
    case 'cancel':
      return { kind: 'cancel' };
    case 'dead_letter':
      return { kind: 'dead_letter', reason: content.reason };
  }
}
