import { randomUUID } from 'node:crypto';
import { isTerminalEventType, parseRunStatusEvent } from '@runlane/contracts';
import type { RunStatusEvent } from '@runlane/contracts';
import { parseJson } from '@runlane/kafka';
import type { InRecord, KafkaConnection, RecordConsumer, ValueCodec } from '@runlane/kafka';
import { eventually } from './eventually.ts';

/** A record of the status topic and the event in it. */
export type SeenEvent = { record: InRecord; event: RunStatusEvent };

/** Reads a whole topic from its beginning and keeps everything, duplicates included, per partition in order. */
export class TopicReader implements AsyncDisposable {
  readonly records: InRecord[] = [];
  readonly #consumer: RecordConsumer;

  private constructor(kafka: KafkaConnection, topic: string) {
    this.#consumer = kafka.consumer({
      group: `reader-${randomUUID()}`,
      topics: [topic],
      tuning: { sessionTimeoutMs: 6_000, heartbeatIntervalMs: 500, maxWaitTimeMs: 100 },
      handle: async ({ records }) => {
        this.records.push(...records);
        const last = records.at(-1);
        return last === undefined ? null : { commitThrough: last.offset };
      },
    });
  }

  static async start(kafka: KafkaConnection, topic: string): Promise<TopicReader> {
    const reader = new TopicReader(kafka, topic);
    await reader.#consumer.start();
    await eventually(() => reader.#consumer.health().state === 'joined', { what: `a reader joined ${topic}` });
    return reader;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.drain(5_000);
  }
}

/** Collects status events. */
export class EventCollector implements AsyncDisposable {
  readonly #reader: TopicReader;
  readonly #codec: Pick<ValueCodec, 'unframe'>;
  readonly #seen: SeenEvent[] = [];
  #decoded = 0;
  #decoding: Promise<void> = Promise.resolve();

  private constructor(reader: TopicReader, codec: Pick<ValueCodec, 'unframe'>) {
    this.#reader = reader;
    this.#codec = codec;
  }

  static async start(
    kafka: KafkaConnection,
    topic: string,
    codec: Pick<ValueCodec, 'unframe'>,
  ): Promise<EventCollector> {
    return new EventCollector(await TopicReader.start(kafka, topic), codec);
  }

  /** Everything read so far, as read. Thrown when a record is no valid status event. */
  async seen(): Promise<readonly SeenEvent[]> {
    // One after the other: two callers that wait at once must not decode the same record, and skip the next.
    this.#decoding = this.#decoding.then(() => this.#decode());
    await this.#decoding;
    return this.#seen;
  }

  async #decode(): Promise<void> {
    while (this.#decoded < this.#reader.records.length) {
      const record = this.#reader.records[this.#decoded];
      if (record?.value == null) throw new Error('A status event without a value.');
      const parsed = parseRunStatusEvent(parseJson(await this.#codec.unframe(record.value)));
      if (parsed.kind === 'invalid') throw new Error(`Not a status event: ${parsed.problems.join(' ')}`);
      this.#seen.push({ record, event: parsed.event });
      this.#decoded += 1;
    }
  }

  /** Events without the repeats that a consumer drops by event_id. */
  async events(): Promise<RunStatusEvent[]> {
    const byId = new Map((await this.seen()).map(({ event }) => [event.event_id, event]));
    return [...byId.values()];
  }

  async eventsOfRun(runId: string): Promise<RunStatusEvent[]> {
    return (await this.events()).filter((event) => event.run_id === runId);
  }

  /** Resolves with the run's terminal event. */
  terminal(runId: string, deadlineMs = 60_000): Promise<RunStatusEvent> {
    return eventually(
      async () => (await this.eventsOfRun(runId)).find((event) => isTerminalEventType(event.type)) ?? null,
      { what: `run ${runId} has ended`, deadlineMs, seen: () => this.#seen.slice(-3).map(({ event }) => event) },
    );
  }

  /** Resolves with the first event of the type for the run. */
  first(runId: string, type: RunStatusEvent['type'], deadlineMs = 60_000): Promise<RunStatusEvent> {
    return eventually(async () => (await this.eventsOfRun(runId)).find((event) => event.type === type) ?? null, {
      what: `run ${runId} has ${type}`,
      deadlineMs,
      seen: () => this.#seen.slice(-3).map(({ event }) => event),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }
}
