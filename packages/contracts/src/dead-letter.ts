import type { DeadLetterCode } from './reasons.ts';

/** Why a record is a dead letter. `message` says what was wrong, where, and what to change; it holds no user values. */
export type DeadLetterReason = { code: DeadLetterCode; message: string };

/**
 * Headers that a dead letter has in addition to the original ones. `topic`, `partition`, `offset`, `errorCode` and
 * `errorMessage` are contract; the others are for diagnosis.
 */
export const DEAD_LETTER_HEADERS = {
  topic: 'dlq.topic',
  partition: 'dlq.partition',
  offset: 'dlq.offset',
  group: 'dlq.group',
  errorCode: 'dlq.error.code',
  errorMessage: 'dlq.error.message',
  attempts: 'dlq.attempts',
  firstFailedAt: 'dlq.first_failed_at',
  serviceVersion: 'dlq.service.version',
} as const;

/**
 * Header of a record that was published again from a dead letter: `topic/partition/offset` of that letter. Not of the `dlq.*`
 * headers, which a new dead letter replaces: one that fails again still names the letter that it came from.
 */
export const REDRIVE_HEADER = 'redrive.dead_letter';

/** Most bytes of `dlq.error.message`, in UTF-8. */
export const DEAD_LETTER_MESSAGE_BYTES = 1024;

/** What the headers of a dead letter are made of. `firstFailedAt` is RFC 3339 UTC; `attempts` counts from 1. */
export type DeadLetterOrigin = {
  topic: string;
  partition: number;
  offset: bigint;
  group: string;
  attempts: number;
  firstFailedAt: string;
  serviceVersion: string;
};

/** The `dlq.*` headers of a dead letter. A long message is cut to `DEAD_LETTER_MESSAGE_BYTES`. */
export function deadLetterHeaders(origin: DeadLetterOrigin, reason: DeadLetterReason): Record<string, string> {
  return {
    [DEAD_LETTER_HEADERS.topic]: origin.topic,
    [DEAD_LETTER_HEADERS.partition]: String(origin.partition),
    [DEAD_LETTER_HEADERS.offset]: String(origin.offset),
    [DEAD_LETTER_HEADERS.group]: origin.group,
    [DEAD_LETTER_HEADERS.errorCode]: reason.code,
    [DEAD_LETTER_HEADERS.errorMessage]: cutToBytes(reason.message, DEAD_LETTER_MESSAGE_BYTES),
    [DEAD_LETTER_HEADERS.attempts]: String(origin.attempts),
    [DEAD_LETTER_HEADERS.firstFailedAt]: origin.firstFailedAt,
    [DEAD_LETTER_HEADERS.serviceVersion]: origin.serviceVersion,
  };
}

/** The longest beginning of the text that takes at most `maxBytes` in UTF-8 and splits no code point. */
export function cutToBytes(text: string, maxBytes: number): string {
  const target = new Uint8Array(maxBytes);
  const { read } = new TextEncoder().encodeInto(text, target);
  return text.slice(0, read);
}
