import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startKafka, type LocalKafka } from '@runlane/local';
import { RetryableError } from '@runlane/service-kit/errors';
import { recordingLogger } from '@runlane/service-kit/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  collecting,
  createTopic,
  joined,
  numbered,
  numberIn,
  startConsumer,
  TEST_CONNECTION,
  tick,
  uniqueGroup,
  until,
} from '../conformance/fixtures.ts';
import type { RecordProducer, InRecord, KafkaAdmin, KafkaConnection, OutRecord } from '../port.ts';
import { connectKafka } from './connect-kafka.ts';

/**
 * What the adapter does while the broker is away. Real: the adapter and a broker of this file's own, which is started
 * late, killed and frozen; Doubled: nothing. Decides: the records that were handled and their order.
 * The broker is not running until a test starts it.
 */
describe('a broker that goes away', () => {
  const dataDir = join(tmpdir(), `runlane-kafka-outages-${randomUUID()}`);
  const { logger, events } = recordingLogger();
  let broker: LocalKafka;
  let isUp = false;
  let kafka: KafkaConnection;
  let admin: KafkaAdmin;
  const producers: RecordProducer[] = [];

  beforeAll(async () => {
    // An address from the environment cannot be killed, so this suite brings its own.
    broker = await startKafka({ dataDir, autostart: false, env: { ...process.env, KAFKA_BROKERS: '' } });
    kafka = connectKafka({ brokers: broker.brokers, clientId: 'outages', logger, tuning: TEST_CONNECTION });
    admin = await kafka.admin();
  });
  afterAll(async () => {
    await broker.thaw();
    await Promise.all(producers.map((producer) => producer.close()));
    await admin.close();
    await broker.stop();
    removeLocalData(dataDir);
  });

  async function up(): Promise<void> {
    if (!isUp) await broker.restart();
    isUp = true;
  }

  async function down(): Promise<void> {
    await broker.kill();
    isUp = false;
  }

  async function startProducer(deliveryTimeoutMs: number): Promise<RecordProducer> {
    const producer = await kafka.producer({ tuning: { deliveryTimeoutMs, ackTimeoutMs: 3_000 } });
    producers.push(producer);
    return producer;
  }

  /** Publishes as the outbox relay does: the same batch until it is confirmed. Returns how often it was not. */
  async function publishStubbornly(producer: RecordProducer, batch: OutRecord[]): Promise<number> {
    for (let failures = 0; ; failures += 1) {
      try {
        await producer.publish(batch);
        return failures;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await tick();
      }
    }
  }

  /** Numbers without their immediate repetitions: at least once, and in order, means first occurrences ascend. */
  function firstOccurrences(records: readonly InRecord[]): number[] {
    return [...new Set(records.map(numberIn))];
  }

  test('everything waits for a broker that starts last, and warns about it only now and then', async () => {
    const topic = `outages-${randomUUID()}`;
    const seen: InRecord[] = [];
    const consumer = kafka.consumer({ group: uniqueGroup(), topics: [topic], handle: collecting(seen) });
    await consumer.start();
    const producer = await startProducer(1_000);
    await expect(producer.publish(numbered(topic, 0, 1))).rejects.toBeInstanceOf(RetryableError);
    await expect(admin.partitionCount(topic)).rejects.toBeInstanceOf(RetryableError);
    expect(consumer.health()).toMatchObject({ state: 'starting', lastHeartbeatAtMs: null, partitions: [] });

    const startedAt = performance.now();
    await up();
    await until(
      () => admin.createTopics([{ name: topic, partitions: 1, config: {} }]).then(() => true),
      'topic exists',
    );
    await publishStubbornly(producer, numbered(topic, 0, 3));
    await until(() => seen.length >= 3, 'the records are delivered');
    expect(firstOccurrences(seen)).toEqual([0, 1, 2]);
    await consumer.drain(10_000);
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(events().filter(({ level }) => level === 'error')).toEqual([]);
    const warnings = events().filter(({ level }) => level === 'warn');
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThan(3 + seconds / 10);
  });

  test('a drain ends soon although no broker answers', async () => {
    await down();
    const consumer = kafka.consumer({ group: uniqueGroup(), topics: ['any'], handle: () => Promise.resolve(null) });
    await consumer.start();
    await until(() => consumer.health().crashCount > 0, 'it has tried');
    expect(consumer.health().lostBecause).toMatch(/broker|connect/i);
    const startedAt = performance.now();
    await consumer.drain(30_000);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(consumer.health().state).toBe('stopped');
  });

  test('a broker that is killed and restarted loses no record and changes no order', async () => {
    await up();
    const topic = await createTopic(admin, 2);
    const group = uniqueGroup();
    const seen: InRecord[] = [];
    await using consumer = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await joined(consumer);
    const producer = await startProducer(5_000);
    const isPublished = new AbortController();
    const publishing = (async () => {
      for (let from = 0; from < 400; from += 4) {
        await publishStubbornly(producer, [...numbered(topic, 0, 4, from), ...numbered(topic, 1, 4, from)]);
        await tick();
      }
      isPublished.abort();
    })();
    await until(() => seen.length > 50, 'records flow');
    await down();
    expect(isPublished.signal.aborted).toBe(false);
    await up();
    await publishing;
    const of = (partition: number): number[] =>
      firstOccurrences(seen.filter((record) => record.partition === partition));
    await until(() => of(0).length === 400 && of(1).length === 400, 'all records are delivered');
    const all = Array.from({ length: 400 }, (_, number) => number);
    expect([of(0), of(1)]).toEqual([all, all]);
    await until(() => consumer.health().state === 'joined', 'the consumer is back');
  });

  test('a publish that was given up is not sent later without its caller', async () => {
    await up();
    const topic = await createTopic(admin, 1);
    const impatient = connectKafka({
      brokers: broker.brokers,
      clientId: 'impatient',
      logger,
      // A request times out, and is tried again, several times while the broker is frozen.
      tuning: { ...TEST_CONNECTION, requestTimeoutMs: 500, connectionTimeoutMs: 500 },
    });
    const producer = await impatient.producer({ tuning: { deliveryTimeoutMs: 1_200, ackTimeoutMs: 500 } });
    producers.push(producer);
    await producer.publish(numbered(topic, 0, 1));
    await broker.freeze();
    const failed = producer.publish(numbered(topic, 0, 1, 1));
    await expect(failed).rejects.toBeInstanceOf(RetryableError);
    await expect(failed).rejects.toThrow(/unknown outcome/);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await broker.thaw();
    await publishStubbornly(producer, numbered(topic, 0, 1, 2));
    const seen: InRecord[] = [];
    await using _ = await startConsumer(kafka, { group: uniqueGroup(), topics: [topic], handle: collecting(seen) });
    await until(() => seen.some((record) => numberIn(record) === 2), 'the newest record is delivered');
    // At 0, 0.5 and 1 s; each of them lay in the broker's socket while it was frozen.
    const copies = seen.filter((record) => numberIn(record) === 1).length;
    expect(copies).toBeLessThanOrEqual(3);
  });

  test('a member whose session has expired joins again and goes on', async () => {
    await up();
    const topic = await createTopic(admin, 1);
    const seen: InRecord[] = [];
    const group = uniqueGroup();
    await using consumer = await startConsumer(kafka, { group, topics: [topic], handle: collecting(seen) });
    await joined(consumer);
    await broker.freeze();
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    await broker.thaw();
    await publishStubbornly(await startProducer(5_000), numbered(topic, 0, 3));
    await until(() => seen.length >= 3, 'the records are delivered');
    expect(firstOccurrences(seen)).toEqual([0, 1, 2]);
    expect(events().filter(({ level }) => level === 'error')).toEqual([]);
  });
});
