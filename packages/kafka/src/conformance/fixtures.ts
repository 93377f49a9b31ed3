import { randomUUID } from 'node:crypto';
import { silentLogger } from '@runlane/service-kit/testing';
import type {
  BatchHandler,
  ConsumerOptions,
  ConsumerTuning,
  InRecord,
  KafkaAdmin,
  KafkaConnection,
  KafkaOptions,
  OutRecord,
  PartitionBatch,
  RecordConsumer,
  RecordProducer,
} from '../port.ts';

/** What a conformance suite runs on: an implementation of the port. */
export type Adapter = { name: string; connect(options: KafkaOptions): KafkaConnection };

/** Fast enough for tests, slow enough for a busy machine. Every value is set, so that nothing depends on NODE_ENV. */
export const TEST_TUNING: ConsumerTuning = {
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 10_000,
  heartbeatIntervalMs: 200,
  maxBytesPerPartition: 256 * 1024,
  maxBytes: 4 * 1024 * 1024,
  maxWaitTimeMs: 100,
  retryInitialMs: 50,
  retryMaxMs: 400,
  maxRestarts: 5,
};

export const TEST_CONNECTION = {
  requestTimeoutMs: 4_000,
  connectionTimeoutMs: 2_000,
  reconnectInitialMs: 50,
  reconnectMaxMs: 300,
  metadataMaxAgeMs: 60_000,
};

/** A connection for the tests of a contract, with an admin and a producer. */
export type ConnectedAdapter = { kafka: KafkaConnection; admin: KafkaAdmin; producer: RecordProducer };

/** Connects, and gives the parts to `use` before its tests; they are closed by the function that this resolves with. */
export async function connectParts(
  adapter: Adapter,
  options: { brokers: string[]; clientId: string },
  use: (parts: ConnectedAdapter) => void,
): Promise<() => Promise<void>> {
  const kafka = adapter.connect({ ...options, logger: silentLogger, tuning: TEST_CONNECTION });
  const admin = await kafka.admin();
  const producer = await kafka.producer();
  use({ kafka, admin, producer });
  return async () => {
    await producer.close();
    await admin.close();
  };
}

/** A topic with a name of its own; Kafka needs a moment before every broker knows it. */
export async function createTopic(
  admin: KafkaAdmin,
  partitions: number,
  config: Record<string, string> = {},
): Promise<string> {
  const name = `kafka-test-${randomUUID()}`;
  await admin.createTopics([{ name, partitions, config }]);
  await until(async () => (await admin.partitionCount(name)) === partitions, `topic ${name} is known`);
  return name;
}

export function uniqueGroup(): string {
  return `group-${randomUUID()}`;
}

/** Waits for a condition; the error says which one was not met. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 100_000,
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > endsAt) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await tick();
  }
}

/** One short turn of the clock, for polling only. */
export async function tick(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

/** `count` records for one partition, numbered from `from` in their values. */
export function numbered(topic: string, partition: number, count: number, from = 0): OutRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    topic,
    partition,
    key: null,
    value: Buffer.from(String(from + index)),
    headers: {},
  }));
}

/** The first `count` numbers, as `numbered` writes them. */
export function first(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What the broker has for the group on one partition; undefined when nothing was committed. */
export async function committed(
  admin: KafkaAdmin,
  group: string,
  topic: string,
  partition = 0,
): Promise<bigint | undefined> {
  return (await admin.committedOffsets(group, topic)).get(partition);
}

export function numberIn(record: InRecord): number {
  return Number(record.value?.toString());
}

export function lastOffset(batch: PartitionBatch): bigint {
  const last = batch.records.at(-1);
  if (last === undefined) throw new Error('an empty batch reached the handler');
  return last.offset;
}

/** Handles whole batches and keeps every record. */
export function collecting(into: InRecord[]): BatchHandler {
  return async (batch) => {
    into.push(...batch.records);
    return { commitThrough: lastOffset(batch) };
  };
}

/** A started consumer that drains at the end of its block. */
export type StartedConsumer = RecordConsumer & AsyncDisposable;

export async function startConsumer(
  kafka: KafkaConnection,
  options: Omit<ConsumerOptions, 'tuning'> & { tuning?: Partial<ConsumerTuning> },
): Promise<StartedConsumer> {
  const consumer = kafka.consumer({ ...options, tuning: { ...TEST_TUNING, ...options.tuning } });
  await consumer.start();
  return { ...consumer, [Symbol.asyncDispose]: () => consumer.drain(10_000) };
}

export async function joined(consumer: RecordConsumer): Promise<void> {
  await until(() => consumer.health().state === 'joined', 'the consumer has joined');
}
