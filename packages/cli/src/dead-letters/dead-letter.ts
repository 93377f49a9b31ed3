/** A dead letter as operators see it: its partition and offset, and why and where it failed. */
import { DEAD_LETTER_HEADERS, REDRIVE_HEADER } from '@runlane/contracts';
import type { InRecord } from '@runlane/kafka';
import { CommandError } from '../command-error.ts';

export type Letter = {
  /** `partition/offset` in the dead letter topic. */
  id: string;
  record: InRecord;
  /** Null without a value. */
  valueBytes: number | null;
  code: string;
  message: string;
  /** The place of the record that failed: `topic/partition/offset`. */
  source: string;
  /** The dead letter that the record was published again from. */
  redriveOf: string | null;
};

/** Conditions for letters; an absent one excludes nothing. */
export type LetterFlags = { code?: string; thread?: string; since?: string };

export function letterOf(record: InRecord): Letter {
  const header = (name: string): string | null => record.headers.get(name)?.at(-1)?.toString('utf8') ?? null;
  const { topic, partition, offset, errorCode, errorMessage } = DEAD_LETTER_HEADERS;
  return {
    id: `${record.partition}/${record.offset}`,
    record,
    valueBytes: record.value?.length ?? null,
    code: header(errorCode) ?? '',
    message: header(errorMessage) ?? '',
    source: [topic, partition, offset].map((name) => header(name) ?? '?').join('/'),
    redriveOf: header(REDRIVE_HEADER),
  };
}

/** What a record that is published again from the letter says of it. */
export function placeOf({ record, id }: Letter): string {
  return `${record.topic}/${id}`;
}

export function isAsked(letter: Letter, { code, thread }: LetterFlags): boolean {
  return (
    (code === undefined || letter.code === code) &&
    (thread === undefined || letter.record.key?.toString('utf8') === thread)
  );
}

/** Thrown: CommandError unless it is `partition/offset`, with or without the topic in front. */
export function parseLetterId(text: string, topic: string): string {
  const id = text.startsWith(`${topic}/`) ? text.slice(topic.length + 1) : text;
  if (/^\d{1,6}\/\d{1,18}$/.test(id)) return id;
  throw new CommandError(
    `${text} is not the id of a dead letter: give partition/offset, as \`runlane dlq list\` shows it`,
  );
}

/** Bytes as text where they are UTF-8. */
export function textOf(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
