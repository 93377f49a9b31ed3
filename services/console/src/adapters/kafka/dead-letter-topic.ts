import {
  letterOf,
  readTopic,
  redrivenBefore,
  redrivenRecord,
  editableText,
  replacedRecord,
  textOf,
  placeOf,
} from '@runlane/cli/operations';
import type { Letter, TopicReading } from '@runlane/cli/operations';
import type { TopicNames } from '@runlane/contracts';
import type { InRecord, KafkaConnection, RecordProducer, ValueCodec } from '@runlane/kafka';
import { nextPlace } from '../../domain/letters-place.ts';
import type { LettersPlace } from '../../domain/letters-place.ts';
import type { DeadLetters, LetterRow } from '../../app/dead-letters.ts';

export type DeadLetterNeeds = {
  kafka: KafkaConnection;
  codec: ValueCodec;
  topics: TopicNames;
  /** RUNLANE_TOPIC_PREFIX. */
  prefix: string;
  maxRequestBytes: number;
  /** The producer of redriven records; opened with the first of them. */
  producer: () => Promise<RecordProducer>;
};

/** So many are read of each partition that the newest of all partitions are among them. */
const LETTERS_PER_PAGE = 50;

/** The topic is read anew for each request; nothing is cached. */
export function createDeadLetters(needs: DeadLetterNeeds): DeadLetters {
  const { kafka, topics, prefix } = needs;
  const read = async (reading: Omit<TopicReading, 'topic' | 'groupPrefix'>): Promise<void> =>
    readTopic(kafka, { topic: topics.deadLetters, groupPrefix: prefix, ...reading });
  const one = async (id: string): Promise<Letter | null> => {
    const [first = '', second = ''] = id.split('/');
    const [partition, offset] = [Number(first), BigInt(second)];
    const found: Letter[] = [];
    await read({
      partitions: new Set([partition]),
      before: new Map([[partition, offset + 1n]]),
      last: 1,
      onRecord: (record) => void found.push(letterOf(record)),
    });
    return found.find((letter) => letter.id === id) ?? null;
  };
  return {
    async page(before) {
      const rows: { row: LetterRow; partition: number; offset: bigint }[] = [];
      await read({
        last: LETTERS_PER_PAGE,
        ...(before === null ? {} : { before: offsetsOf(before) }),
        onRecord: (record) => {
          const { partition, offset } = record;
          rows.push({ row: rowOf(record), partition, offset });
        },
      });
      rows.sort((one, other) => other.row.at.getTime() - one.row.at.getTime() || Number(other.offset - one.offset));
      const shown = rows.slice(0, LETTERS_PER_PAGE);
      return {
        letters: shown.map(({ row }) => row),
        next: shown.length < LETTERS_PER_PAGE ? null : nextPlace(before, rows, shown),
      };
    },

    async show(id) {
      const letter = await one(id);
      if (letter === null) return null;
      const headers = [...letter.record.headers].map(([name, values]): [string, string[]] => [
        name,
        values.map((value) => textOf(value) ?? value.toString('base64')),
      ]);
      const isText = textOf(letter.record.value) !== null || letter.record.value?.[0] === 0;
      return { ...rowOf(letter.record), text: await editableText(letter, needs), isText, headers };
    },

    async redrive({ id, text, isAgain }) {
      const letter = await one(id);
      if (letter === null) return { kind: 'refused', why: `There is no dead letter ${id} any more.` };
      const earlier = isAgain ? undefined : (await redrivenBefore([letter], needs)).get(placeOf(letter));
      if (earlier !== undefined) return { kind: 'refused', why: `It was redriven before, as ${earlier}.` };
      const { key, value } = letter.record;
      const edited = text === null ? { key, value } : await replacedRecord(letter, text, needs);
      const asked = await redrivenRecord(letter, edited, needs);
      if (asked.problem !== null) return { kind: 'refused', why: `It was not published: ${asked.problem}` };
      const producer = await needs.producer();
      let place = '';
      await producer.publish([asked.record], {
        onWritten: (_record, { topic, partition, offset }) => (place = `${topic}/${partition}/${offset}`),
      });
      return { kind: 'redriven', place };
    },
  };
}

function offsetsOf(place: LettersPlace): Map<number, bigint> {
  return new Map(Object.entries(place).map(([partition, offset]) => [Number(partition), BigInt(offset)]));
}

function rowOf(record: InRecord): LetterRow {
  const { id, code, message, source, valueBytes, redriveOf } = letterOf(record);
  return {
    id,
    at: new Date(record.timestampMs),
    key: textOf(record.key),
    code,
    message,
    source,
    valueBytes,
    redriveOf,
  };
}
