import { connectKafka } from '@runlane/kafka';
import type { KafkaAdmin, KafkaConnection } from '@runlane/kafka';
import { eventually, silentLogger } from '@runlane/testkit';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { watchTopicsUntil } from './watch-topics.ts';

/** Real: the broker and its topics. Doubled: the logger, which keeps what it is told. */
let kafka: KafkaConnection;
let admin: KafkaAdmin;
beforeAll(async () => {
  kafka = connectKafka({ brokers: inject('kafkaBrokers'), clientId: 'watch-topics', logger: silentLogger });
  admin = await kafka.admin();
});
afterAll(() => admin.close());

type Said = { message: string | undefined; problem: unknown };

function recording(): { logger: typeof silentLogger; said: Said[] } {
  const said: Said[] = [];
  const logger = Object.create(silentLogger);
  for (const level of ['warn', 'error'] as const) {
    logger[level] = (fields: { problem?: unknown }, message?: string) =>
      said.push({ message, problem: fields.problem });
  }
  return { logger, said };
}

/** What Runlane would make, and what somebody else has made under that name. */
async function topicOf(config: Record<string, string>) {
  const name = `watch-${randomUUID()}`;
  const made = () => admin.createTopics([{ name, partitions: 1, config }]);
  return { made, topics: [{ name, partitions: 2, config: { 'max.message.bytes': '2000000' } }] };
}

test('a topic whose settings lose records is refused with an explanation, as soon as it exists', async () => {
  const { made, topics } = await topicOf({ 'cleanup.policy': 'compact' });
  await made();
  const { logger } = recording();
  const watching = watchTopicsUntil(AbortSignal.timeout(60_000), { kafka, topics, everyMs: 50, logger });
  await expect(watching).rejects.toThrow(/Set cleanup\.policy=delete/);
});

test('settings that are only worth a warning are logged once, and waiting ends immediately', async () => {
  const { made, topics } = await topicOf({ 'max.message.bytes': '1000000' });
  await made();
  const { logger, said } = recording();
  const stop = new AbortController();
  let looks = 0;
  const counting = {
    admin: () => {
      looks += 1;
      return kafka.admin();
    },
  };
  const watching = watchTopicsUntil(stop.signal, { kafka: counting, topics, everyMs: 20, logger });
  await eventually(() => looks > 3, { what: 'it has looked several times' });
  expect(said).toEqual([
    { message: 'topic.warned', problem: expect.stringMatching(/Set max\.message\.bytes=2000000/) },
    { message: 'topic.warned', problem: expect.stringMatching(/has 1 partitions/) },
  ]);
  stop.abort();
  await watching;
});
