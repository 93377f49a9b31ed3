import { randomUUID } from 'node:crypto';
import { eventHeaders, STATUS_OF_EVENT_TYPE, topicDefinitions, topicNames } from '@runlane/contracts';
import type { RunStatusEvent, TopicNames } from '@runlane/contracts';
import { connectKafka } from '@runlane/kafka';
import type { RecordProducer, KafkaAdmin, OutRecord } from '@runlane/kafka';
import { silentLogger } from '@runlane/testkit';

/** An event as Runlane publishes it. */
export function statusEvent(fields: Partial<RunStatusEvent> = {}): RunStatusEvent {
  const now = new Date().toISOString();
  const type = fields.type ?? 'run.succeeded';
  return {
    event_id: randomUUID(),
    type,
    sequence: 3,
    occurred_at: now,
    run_id: randomUUID(),
    thread_id: randomUUID(),
    assistant_id: randomUUID(),
    graph_id: 'lane',
    attempt: 1,
    multitask_strategy: 'enqueue',
    metadata: {},
    created_at: now,
    updated_at: now,
    run_started_at: now,
    run_ended_at: now,
    status: STATUS_OF_EVENT_TYPE[type],
    thread_status: 'idle',
    reason: null,
    superseded_by: null,
    blocked_by: null,
    interrupts: null,
    interrupts_omitted: false,
    next: [],
    checkpoint_id: null,
    values: { answer: 42 },
    values_omitted: false,
    error: null,
    webhook: null,
    ...fields,
  };
}

/** Topics of Runlane under a prefix of their own, and somebody who publishes events as a relay does. */
export class Topics implements AsyncDisposable {
  readonly prefix = `t${randomUUID().slice(0, 8)}.`;
  readonly names: TopicNames = topicNames(this.prefix);
  readonly admin: KafkaAdmin;
  readonly #producer: RecordProducer;

  private constructor(admin: KafkaAdmin, producer: RecordProducer) {
    this.admin = admin;
    this.#producer = producer;
  }

  static async create(brokers: string[]): Promise<Topics> {
    const kafka = connectKafka({ brokers, clientId: 'client-tests', logger: silentLogger });
    const topics = new Topics(await kafka.admin(), await kafka.producer());
    await topics.admin.createTopics(topicDefinitions(topics.prefix));
    return topics;
  }

  async publish(...events: RunStatusEvent[]): Promise<void> {
    await this.publishRaw(
      ...events.map((event) => ({
        key: event.thread_id,
        value: Buffer.from(JSON.stringify(event)),
        headers: eventHeaders(event, '/client-tests', null),
      })),
    );
  }

  async publishRaw(...records: Omit<OutRecord, 'topic'>[]): Promise<void> {
    await this.#producer.publish(records.map((record) => ({ topic: this.names.status, ...record })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.close();
    await this.admin.close();
  }
}
