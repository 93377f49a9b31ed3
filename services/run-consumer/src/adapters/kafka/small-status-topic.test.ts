/**
 * I10: a status topic whose limit is smaller than an event. Real: the broker, its limit, the producer, the
 * encoder. Decides: what a reader of the topic finds.
 */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '@runlane/contracts';
import { connectKafka, createValueCodec } from '@runlane/kafka';
import type { RecordProducer } from '@runlane/kafka';
import { EventCollector, eventually, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { publishEvents } from '../../app/relay/publish-events.ts';
import type { EventDetails } from '../../domain/settlement.ts';
import { statusEventOf } from '../../domain/status-event.ts';
import { createEventEncoder } from './encode-event.ts';

const kafka = connectKafka({ brokers: inject('kafkaBrokers'), clientId: 'test', logger: silentLogger });
const codec = createValueCodec({ registryUrl: null, logger: silentLogger });
const LARGE = 'x'.repeat(30_000);
const interrupts = [{ id: 'i', value: LARGE }];
let producer: RecordProducer;
beforeAll(async () => {
  producer = await kafka.producer();
});
afterAll(() => producer.close());

async function createTopic(maxMessageBytes: number): Promise<string> {
  const name = `small-status-${randomUUID()}`;
  const admin = await kafka.admin();
  try {
    await admin.createTopics([{ name, partitions: 1, config: { 'max.message.bytes': String(maxMessageBytes) } }]);
    await eventually(async () => (await admin.partitionCount(name)) === 1, { what: 'the topic is known' });
  } finally {
    await admin.close();
  }
  return name;
}

function eventOf(sequence: number, details: EventDetails, metadata: JsonObject = {}) {
  const event = statusEventOf(
    {
      outboxId: BigInt(sequence),
      eventId: randomUUID(),
      type: 'run.paused',
      sequence,
      occurredAt: new Date(0),
      runId: 'aaaaaaaa-0000-4000-8000-000000000002',
      threadId: 'thread',
      attempt: 1,
      threadStatus: 'interrupted',
      details,
      runStartedAt: null,
      runEndedAt: null,
      assistantId: 'chat',
      graphId: 'chat',
      multitaskStrategy: 'enqueue',
      metadata,
      createdAt: new Date(0),
      traceparent: null,
      webhook: null,
      webhook_events: null,
    },
    () => null,
  );
  return { event, traceparent: null };
}

test('events that are too large for the topic lose their large fields, and keep their place among the others', async () => {
  const topic = await createTopic(20_000);
  await using collector = await EventCollector.start(kafka, topic, codec);
  const events = [
    eventOf(1, { values: 'small' }, { tenant: 'x' }),
    eventOf(2, { values: LARGE, interrupts: [{ id: 'i', value: 'sure?' }] }, { tenant: 'x' }),
    eventOf(3, { values: LARGE, interrupts }, { tenant: 'x' }),
    eventOf(4, { values: LARGE, interrupts }, { tenant: LARGE }),
    eventOf(5, { values: 'small' }, { tenant: 'x' }),
  ];

  const needs = { publisher: producer, encode: createEventEncoder(codec, topic), logger: silentLogger };
  await publishEvents(events, needs, AbortSignal.timeout(60_000));

  await eventually(async () => (await collector.seen()).length === 5, { what: 'every event is read' });
  const seen = (await collector.seen()).map(({ event }) => [
    event.sequence,
    event.values_omitted,
    event.interrupts_omitted,
    event.metadata_omitted,
  ]);
  expect(seen).toEqual([
    [1, false, false, false],
    [2, true, false, false],
    [3, true, true, false],
    [4, true, true, true],
    [5, false, false, false],
  ]);
});

test('an event that is too large at its smallest waits with its thread, and others are published', async () => {
  const topic = await createTopic(20_000);
  await using collector = await EventCollector.start(kafka, topic, codec);
  const refused = eventOf(2, { error: { error: 'E', message: LARGE } });
  const behind = eventOf(3, { values: 'small' });
  const other = eventOf(4, { values: 'small' });
  other.event.thread_id = 'other';
  const needs = { publisher: producer, encode: createEventEncoder(codec, topic), logger: silentLogger };

  const events = [eventOf(1, { values: 'small' }), refused, behind, other];
  const leftOut = await publishEvents(events, needs, AbortSignal.timeout(60_000));

  expect(leftOut.map(({ item }) => item.event.sequence)).toEqual([2, 3]);
  expect(leftOut.map(({ why }) => why)).toEqual(['refused', 'waits']);
  await eventually(async () => (await collector.seen()).length === 2, { what: 'the others are read' });
  expect((await collector.seen()).map(({ event }) => event.sequence)).toEqual([1, 4]);
});
