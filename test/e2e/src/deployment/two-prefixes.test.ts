/**
 * One ledger belongs to one deployment. Real: Kafka, Postgres, both services. Decides: how the
 * process with another topic prefix ends, and that the first goes on.
 */
import { randomUUID } from 'node:crypto';
import type { ServiceProcess } from '@runlane/testkit';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { WebhookWorld } from '../webhooks/webhook-world.ts';
import { runCreate } from '../support/world.ts';

let webhooks: WebhookWorld;
beforeEach(async () => {
  webhooks = await WebhookWorld.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
});
afterEach(() => webhooks[Symbol.asyncDispose]());

const ANOTHER = { RUNLANE_TOPIC_PREFIX: 'another.' };

async function endOf(service: ServiceProcess): Promise<{ exitCode: number | null; log: string }> {
  return { exitCode: await service.exited, log: JSON.stringify(service.logged('service.crashed')) };
}

const REFUSED = {
  exitCode: 1,
  log: expect.stringMatching(/belongs to the deployment with RUNLANE_TOPIC_PREFIX=.* and this one has/),
};

test('a run-consumer with another topic prefix is refused, and the first goes on', async () => {
  const { world } = webhooks;
  const events = await world.collectEvents();
  const first = world.runConsumer();
  await first.ready();
  expect(await endOf(world.runConsumer(ANOTHER))).toEqual(REFUSED);

  const runId = randomUUID();
  await world.publish(runCreate('thread', { run_id: runId }));
  expect((await events.terminal(runId)).type).toBe('run.succeeded');
  await first.stopCleanly();
  await world.runConsumer().ready();
});

test('a webhook-dispatcher with another topic prefix is refused', async () => {
  await webhooks.started();
  expect(await endOf(webhooks.dispatcher(ANOTHER))).toEqual(REFUSED);
});
