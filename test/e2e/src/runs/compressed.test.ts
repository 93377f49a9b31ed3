/**
 * The encodings of batches. Every codec of Kafka is read by both services, and a batch that
 * nothing can read becomes one dead letter by its offsets while its partition goes on (I10). Its topics take batches as
 * they were sent, as those do that somebody made without Runlane's settings.
 * Real: Kafka, Postgres, both processes, a second kafkajs client as the producer. Decides: events, dead letters,
 * the ledger of webhooks.
 */
import { randomUUID } from 'node:crypto';
// oxlint-disable-next-line no-restricted-imports -- a producer that compresses, which the port's own does not
import kafkajs from 'kafkajs';
import { DEAD_LETTER_HEADERS, topicDefinitions } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld, statusEvent } from '../webhooks/webhook-world.ts';
import { World, runCreate } from '../support/world.ts';

const { CompressionTypes, Kafka, logLevel } = kafkajs;
const CODECS = [CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD];
const DLQ = DEAD_LETTER_HEADERS;

type Message = { key: string; value: Buffer };

/** Far below every limit as it is sent, and more than any reader should hold when it is unpacked. */
const BOMB: Message[] = [
  { key: 'bomb', value: Buffer.alloc(65 * 1024 * 1024) },
  { key: 'bomb', value: Buffer.alloc(65 * 1024 * 1024) },
];

async function createTopicsAsSent(world: World): Promise<void> {
  const admin = await world.kafka.admin();
  const definitions = topicDefinitions(world.prefix).map((definition) => ({
    ...definition,
    config: { ...definition.config, 'compression.type': 'producer' },
  }));
  await eventually(async () => admin.createTopics(definitions).then(() => true), { what: 'the topics are created' });
  await admin.close();
}

/** Sends each list of messages to partition 0 of the topic as a batch of its own. */
async function sendBatches(topic: string, batches: readonly { compression: number; messages: Message[] }[]) {
  const kafka = new Kafka({ brokers: inject('kafkaBrokers'), clientId: 'others', logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (const { compression, messages } of batches) {
    await producer.send({ topic, compression, messages: messages.map((message) => ({ ...message, partition: 0 })) });
  }
  await producer.disconnect();
}

test('requests in every codec run, and a batch that cannot be read is one dead letter between them', async () => {
  await using world = await World.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    createTopics: false,
  });
  await createTopicsAsSent(world);
  const [events, deadLetters] = await Promise.all([world.collectEvents(), world.readDeadLetters()]);
  const runIds = [...CODECS, CompressionTypes.None].map(() => randomUUID());
  const messageOf = (runId: string): Message => {
    const { key, value } = runCreate('thread', { run_id: runId });
    return { key, value };
  };
  const batches = runIds.map((runId, index) => ({
    compression: CODECS[index] ?? CompressionTypes.None,
    messages: [messageOf(runId)],
  }));
  batches.splice(2, 0, { compression: CompressionTypes.ZSTD, messages: BOMB });
  await sendBatches(world.topics.requests, batches);
  const service = world.runConsumer();
  await service.ready();

  for (const runId of runIds) expect(await events.terminal(runId)).toMatchObject({ type: 'run.succeeded' });
  const letter = await eventually(() => deadLetters.records[0], { what: 'the dead letter is published' });
  const headers = Object.fromEntries([...letter.headers].map(([name, [value]]) => [name, String(value)]));
  expect(letter).toMatchObject({ key: null, value: null });
  expect(headers).toMatchObject({
    [DLQ.topic]: world.topics.requests,
    [DLQ.partition]: '0',
    [DLQ.offset]: '3',
    [DLQ.errorCode]: 'undecodable',
    [DLQ.errorMessage]: expect.stringMatching(/batch of offsets 2 to 3 cannot be read/),
  });
  await eventually(() => world.hasReadAllRequests(), { what: 'everything is committed' });
  await eventually(async () => (await world.waitingDeadLetterCount()) === 0, { what: 'no other is waiting' });
  expect(deadLetters.records).toHaveLength(1);
  expect(service.isRunning).toBe(true);
});

test('events in every codec are delivered, and a batch that cannot be read is quarantined between them', async () => {
  await using receiver = await WebhookReceiver.start();
  await using webhooks = await WebhookWorld.create({
    brokers: inject('kafkaBrokers'),
    databaseUrl: inject('databaseUrl'),
    createTopics: false,
  });
  await createTopicsAsSent(webhooks.world);
  const events = CODECS.map(() => statusEvent({ webhook: receiver.url('/') }));
  const batches = events.map((event, index): { compression: number; messages: Message[] } => {
    const message = { key: event.thread_id, value: Buffer.from(JSON.stringify(event)) };
    return { compression: CODECS[index] ?? CompressionTypes.None, messages: [message] };
  });
  batches.splice(2, 0, { compression: CompressionTypes.ZSTD, messages: BOMB });
  await sendBatches(webhooks.world.topics.status, batches);
  const dispatcher = await webhooks.started();

  await webhooks.ended(CODECS.length);
  expect(receiver.requests.map(({ event }) => event.event_id).toSorted()).toEqual(
    events.map(({ event_id }) => event_id).toSorted(),
  );
  const { rows } = await webhooks.world.pool.query(
    'select record_offset::integer, value, code from webhooks.quarantine',
  );
  expect(rows).toEqual([{ record_offset: 3, value: null, code: 'undecodable' }]);
  expect(dispatcher.isRunning).toBe(true);
});
