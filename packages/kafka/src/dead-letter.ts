import {
  DEAD_LETTER_HEADERS,
  cutToBytes,
  DEAD_LETTER_MESSAGE_BYTES,
  deadLetterHeaders,
  type DeadLetterCode,
} from '@runlane/contracts';
import type { InRecord, OutRecord } from './port.ts';

/** What the topics of the contract take, so that every record that was sent unpacked comes back whole. */
const MAX_ORIGINAL_BYTES = 8 * 1024 * 1024;

const LEFT_BEHIND = 'Too large for a dead letter: its value and headers are only in the log, at these coordinates.';

/** Why and where a record became a dead letter. `attempts` counts from 1. */
export type DeadLetterInfo = {
  code: DeadLetterCode;
  message: string;
  group: string;
  attempts: number;
  firstFailedAt: Date;
  serviceVersion: string;
};

/**
 * The dead letter of a record: its key, value bytes and headers, values of a repeated header included, plus the
 * `dlq.*` text headers of a dead letter. A `dlq.*` header of the original is replaced or left out: a record that was
 * redriven from the dead letter topic names its last failure only. `topic` is the dead letter topic.
 *
 * The partition follows from the key, so dead letters of a thread stay in order.
 *
 * A record above `MAX_ORIGINAL_BYTES`, which compression can bring through any limit, loses its value and headers: no topic
 * would accept it as it is, and the partition would stop. The message says so.
 */
export function deadLetterRecord(record: InRecord, topic: string, info: DeadLetterInfo): OutRecord {
  const fits = originalBytes(record) <= MAX_ORIGINAL_BYTES;
  const originals = fits ? [...record.headers].filter(([name]) => !name.startsWith('dlq.')) : [];
  const origin = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    group: info.group,
    attempts: info.attempts,
    firstFailedAt: info.firstFailedAt.toISOString(),
    serviceVersion: info.serviceVersion,
  };
  const message = fits ? info.message : `${info.message} ${LEFT_BEHIND}`;
  const added = deadLetterHeaders(origin, { code: info.code, message });
  return {
    topic,
    key: record.key,
    value: fits ? record.value : null,
    headers: Object.fromEntries([...originals, ...Object.entries(added)]),
  };
}

/**
 * A smaller form of a dead letter that its topic refuses for its size: without the value and headers of the original, and
 * when it is without them already, without its key. Its `dlq.*` headers stay, and the message says what is missing.
 * Null when nothing more can be left out.
 */
export function smallerDeadLetter(letter: OutRecord): OutRecord | null {
  const own = Object.entries(letter.headers).filter(([name]) => name.startsWith('dlq.'));
  const hasOriginal = letter.value !== null || own.length < Object.keys(letter.headers).length;
  if (!hasOriginal) return letter.key === null ? null : { ...letter, key: null };
  const headers: OutRecord['headers'] = Object.fromEntries(own);
  const message = `${LEFT_BEHIND} ${textOf(headers[DEAD_LETTER_HEADERS.errorMessage])}`;
  headers[DEAD_LETTER_HEADERS.errorMessage] = cutToBytes(message, DEAD_LETTER_MESSAGE_BYTES);
  return { ...letter, value: null, headers };
}

function textOf(header: OutRecord['headers'][string] | undefined): string {
  return String([header ?? ''].flat()[0]);
}

function originalBytes({ key, value, headers }: InRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, values] of headers) {
    for (const header of values) bytes += Buffer.byteLength(name) + header.length;
  }
  return bytes;
}
