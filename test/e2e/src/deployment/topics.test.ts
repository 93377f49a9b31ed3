/**
 * Topics that were created with other settings. Real: Kafka, Postgres, both processes. Decides: exit codes, the log,
 * and whether work goes on.
 */
import { topicDefinitions } from '@runlane/contracts';
import type { TopicNames } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect, inject, test } from 'vitest';
import { WebhookWorld } from '../webhooks/webhook-world.ts';
import { World, runCreate } from '../support/world.ts';

const addresses = () => ({
  brokers: inject('kafkaBrokers'),
  databaseUrl: inject('databaseUrl'),
  createTopics: false,
});

/** Makes the topics with settings that are not Runlane's for one of them. */
async function createTopics(world: World, topic: keyof TopicNames, config: Record<string, string>): Promise<void> {
  const admin = await world.kafka.admin();
  const definitions = topicDefinitions(world.prefix).map((definition) =>
    definition.name === world.topics[topic]
      ? { ...definition, config: { ...definition.config, ...config } }
      : definition,
  );
  await eventually(async () => admin.createTopics(definitions).then(() => true), { what: 'the topics are created' });
  await admin.close();
}

/** How the service ended by itself, and what it said before. */
async function endOf(service: ServiceProcess): Promise<{ code: number | null; said: string }> {
  const code = await service.exited;
  return { code, said: JSON.stringify(service.logs.filter(({ level }) => level === 'error' || level === 'fatal')) };
}

test.for(['requests', 'status', 'deadLetters'] as const)(
  'a run-consumer refuses a compacted topic: %s',
  async (topic) => {
    await using world = await World.create(addresses());
    await createTopics(world, topic, { 'cleanup.policy': 'compact' });
    expect(await endOf(world.runConsumer())).toEqual({
      code: 1,
      said: expect.stringMatching(new RegExp(`Topic ${world.topics[topic]} .*Set cleanup.policy=delete`)),
    });
  },
);

test('a dispatcher refuses a compacted status topic', async () => {
  await using webhooks = await WebhookWorld.create(addresses());
  await createTopics(webhooks.world, 'status', { 'cleanup.policy': 'compact' });
  expect(await endOf(webhooks.dispatcher())).toEqual({
    code: 1,
    said: expect.stringMatching(/Set cleanup.policy=delete/),
  });
});

test('a topic with a smaller limit than that of Runlane gives a warning, and runs go on', async () => {
  await using world = await World.create(addresses());
  await createTopics(world, 'status', { 'max.message.bytes': '1048588' });
  const events = await world.collectEvents();
  const service = world.runConsumer();
  await service.ready();
  await world.publish(runCreate('thread', { run_id: '6f9d1a52-36c5-4bb0-8f5e-5d1b2f0a7c11' }));
  expect(await events.terminal('6f9d1a52-36c5-4bb0-8f5e-5d1b2f0a7c11')).toMatchObject({ type: 'run.succeeded' });
  const warned = () => service.logged('topic.warned').map(({ problem }) => problem);
  await eventually(() => warned().length > 0, { what: 'the topic is warned of' });
  expect(warned()).toEqual([expect.stringMatching(/runs\.status\.v1 accepts records of 1048588 bytes.*=8388608/)]);
});
