import { randomUUID } from 'node:crypto';
import { eventHeaders, topicDefinitions, topicNames } from '@runlane/contracts';
import type { RunStatusEvent, TopicNames } from '@runlane/contracts';
import { connectKafka } from '@runlane/kafka';
import type { RecordProducer, KafkaAdmin, OutRecord } from '@runlane/kafka';
import { silentLogger } from '@runlane/testkit';

export { statusEvent } from '@runlane/testkit';

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
