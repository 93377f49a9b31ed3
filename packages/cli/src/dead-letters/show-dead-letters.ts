/** `dlq list` and `dlq show`. */
import { CommandError } from '../command-error.ts';
import { isAsked, letterOf, parseLetterId, textOf } from './dead-letter.ts';
import type { Letter, LetterFlags } from './dead-letter.ts';
import { withKafka } from '../deployment-kafka.ts';
import { countOf, sinceOf } from '../input.ts';
import { timeText } from '../output.ts';
import type { Output } from '../output.ts';
import { readTopic } from '../read-topic.ts';
import type { Environment } from '../settings.ts';

/** Thrown by both: ConfigError; CommandError for what was given, and when the cluster does not answer. */
export async function listDeadLetters(
  flags: LetterFlags & { limit: string },
  environment: Environment,
  output: Output,
): Promise<void> {
  const limit = countOf(flags.limit, '--limit');
  const from = flags.since === undefined ? undefined : sinceOf(flags.since, Date.now(), '--since');
  await withKafka(environment, async ({ kafka, topics, prefix }) => {
    const latest = new Latest(limit);
    await readTopic(kafka, {
      topic: topics.deadLetters,
      groupPrefix: prefix,
      ...(from === undefined ? {} : { from }),
      onRecord: (record) => {
        const letter = letterOf(record);
        if (isAsked(letter, flags)) latest.add(letter);
      },
    });
    const letters = latest.letters();
    if (letters.length === 0) return output.say(`No such dead letter in ${topics.deadLetters}.`);
    output.printTable(
      ['DEAD LETTER', 'TIME', 'KEY', 'CODE', 'BYTES', 'OF', 'WHY'],
      letters.map((letter) => ({ object: letterJson(letter), cells: cellsOf(letter) })),
    );
    if (latest.count > letters.length) output.say(`The latest ${letters.length} of ${latest.count}: see --limit.`);
  });
}

export async function showDeadLetter(text: string, environment: Environment, output: Output): Promise<void> {
  await withKafka(environment, async ({ kafka, topics, prefix }) => {
    const id = parseLetterId(text, topics.deadLetters);
    const letters: Letter[] = [];
    await readTopic(kafka, {
      topic: topics.deadLetters,
      groupPrefix: prefix,
      partitions: new Set([Number(id.split('/')[0])]),
      onRecord: (record) => {
        const letter = letterOf(record);
        if (letter.id === id) letters.push(letter);
      },
    });
    const [found] = letters;
    if (found === undefined) throw new CommandError(unknownLetter(id, topics.deadLetters));
    output.print({ ...letterJson(found), headers: headersOf(found), ...valueJson(found) }, linesOf(found).join('\n'));
  });
}

/** Where a letter was looked for. */
export function unknownLetter(id: string, topic: string): string {
  return (
    `No dead letter ${id} in ${topic}. By default the topic keeps them for 30 days; ` +
    '`runlane dlq list` shows the present ones.'
  );
}

/** What is kept while a topic of any size is read. */
class Latest {
  count = 0;
  readonly #limit: number;
  #kept: Letter[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The bytes of a value, up to 8 MiB, are not kept. */
  add(letter: Letter): void {
    this.count += 1;
    this.#kept.push({ ...letter, record: { ...letter.record, value: null } });
    if (this.#kept.length >= 2 * this.#limit + 100) this.#kept = this.letters();
  }

  /** The oldest of them first. */
  letters(): Letter[] {
    const byTime = this.#kept.toSorted((a, b) => a.record.timestampMs - b.record.timestampMs || compare(a, b));
    return byTime.slice(-this.#limit);
  }
}

/** By partition, then by offset. */
export function compare(a: Letter, b: Letter): number {
  return a.record.partition - b.record.partition || (a.record.offset < b.record.offset ? -1 : 1);
}

function letterJson(letter: Letter): object {
  const { id, record, code, message, source, redriveOf } = letter;
  return {
    dead_letter: id,
    topic: record.topic,
    timestamp: new Date(record.timestampMs),
    key: textOf(record.key),
    code,
    message,
    source,
    redrive_of: redriveOf,
    value_bytes: letter.valueBytes,
  };
}

/** `value`: the bytes where they are text, else `value_base64`. */
function valueJson({ record: { value } }: Letter): object {
  const text = textOf(value);
  return text === null ? { value_base64: value?.toString('base64') ?? null } : { value: text };
}

function headersOf({ record }: Letter): object {
  return Object.fromEntries(
    [...record.headers].map(([name, values]) => [
      name,
      values.map((value) => textOf(value) ?? value.toString('base64')),
    ]),
  );
}

function cellsOf({ id, record, valueBytes, code, source, message }: Letter): string[] {
  const time = timeText(new Date(record.timestampMs));
  return [id, time, textOf(record.key) ?? '', code, String(valueBytes ?? ''), source, message];
}

function linesOf(letter: Letter): string[] {
  const { record, code, message, source, redriveOf } = letter;
  return [
    `Dead letter    ${record.topic}/${letter.id}`,
    `Time           ${timeText(new Date(record.timestampMs))}`,
    `Of             ${source}`,
    ...(redriveOf === null ? [] : [`Redrive of     ${redriveOf}`]),
    `Code           ${code}`,
    `Why            ${message}`,
    `Key            ${textOf(record.key) ?? record.key?.toString('base64') ?? ''}`,
    'Headers',
    ...Object.entries(headersOf(letter)).map(([name, values]) => `  ${name}: ${JSON.stringify(values)}`),
    'Value',
    ...dump(record.value),
  ];
}

const LINE_BYTES = 16;

/** The value as text, or as bytes in hexadecimal where it is none or has a frame. */
function dump(value: Buffer | null): string[] {
  if (value === null) return ['(none)'];
  const text = textOf(value);
  if (text !== null && !/[\p{Cc}--[\n\r\t]]/v.test(text)) return [text];
  return Array.from({ length: Math.ceil(value.length / LINE_BYTES) }, (_, line) => {
    const bytes = value.subarray(line * LINE_BYTES, (line + 1) * LINE_BYTES);
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const shown = bytes.toString('latin1').replace(/[^ -~]/g, '.');
    return `${(line * LINE_BYTES).toString(16).padStart(8, '0')}  ${hex.padEnd(3 * LINE_BYTES)} ${shown}`;
  });
}
