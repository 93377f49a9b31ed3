import { createHash } from 'node:crypto';
import { parseRunStatusEvent, topicNames } from '@runlane/contracts';
import { PoisonError, createValueCodec, parseJson } from '@runlane/kafka';
import type { InRecord, KafkaConnection, RecordConsumer, ValueCodec } from '@runlane/kafka';
import type { Logger, Scope } from '@runlane/service-kit';
import type { EventLine, Tone } from './event-line.ts';
import { formatEventLine, lineOfDeadLetter, lineOfEvent } from './event-line.ts';
import { ROOT } from '../paths.ts';
import { paint, print } from '../terminal.ts';

const COLOURS: Record<Tone, Parameters<typeof paint>[0]> = {
  good: 'green',
  bad: 'red',
  waiting: 'yellow',
  plain: 'dim',
};

/** Width of a line that does not go to a terminal. */
const DEFAULT_WIDTH = 160;
const LEAVE_GROUP_MS = 5_000;

export type ShowEventsOptions = { kafka: KafkaConnection; topicPrefix: string; logger: Logger };

/**
 * Prints a line for every status event and dead letter that is written from now on, until the scope ends. Resolves
 * immediately; nothing is missed while the reader joins its group.
 */
export async function showEvents(scope: Scope, options: ShowEventsOptions): Promise<RecordConsumer> {
  const topics = topicNames(options.topicPrefix);
  // Without a registry it takes the frame off unchecked, which is all that showing needs.
  const codec = createValueCodec({ registryUrl: null, logger: options.logger });
  const startedAtMs = Date.now();
  const consumer = options.kafka.consumer({
    // A group for this checkout, so that each checkout sees all events. It is the same at each start, because a group stays
    // in a given Kafka.
    group: `${options.topicPrefix}dev-events-${createHash('sha256').update(ROOT).digest('hex').slice(0, 8)}`,
    topics: [topics.status, topics.deadLetters],
    handle: async ({ topic, records }) => {
      for (const record of records) {
        if (record.timestampMs < startedAtMs) continue; // told by an earlier start
        const line = topic === topics.status ? await eventLine(record, codec) : lineOfDeadLetter(record);
        show(line);
      }
      const last = records.at(-1);
      return last === undefined ? null : { commitThrough: last.offset };
    },
  });
  scope.defer('reader of the events', () => consumer.drain(LEAVE_GROUP_MS));
  await consumer.start();
  return consumer;
}

async function eventLine(record: InRecord, codec: Pick<ValueCodec, 'unframe'>): Promise<EventLine> {
  const unreadable = (problem: string): EventLine => ({
    ...lineOfDeadLetter(record),
    type: 'unreadable',
    detail: `partition ${record.partition}, offset ${record.offset}: ${problem}`,
  });
  if (record.value === null) return unreadable('the record has no value');
  try {
    const verdict = parseRunStatusEvent(parseJson(await codec.unframe(record.value)));
    return verdict.kind === 'ok' ? lineOfEvent(verdict.event) : unreadable(verdict.problems.join('; '));
  } catch (error) {
    // Retrying an unreadable record would block its partition for ever.
    if (error instanceof PoisonError) return unreadable(error.message);
    throw error;
  }
}

/** Prints the line as wide as the terminal. */
export function show(line: EventLine): void {
  const width = process.stdout.isTTY ? process.stdout.columns : DEFAULT_WIDTH;
  print(formatEventLine(line, width, (text) => paint(COLOURS[line.tone], text)));
}
