/**
 * I13: which webhooks a run may ask for, and which of its events have them.
 * Real: Kafka, Postgres, the process. Decides: the status topic.
 */
import { randomUUID } from 'node:crypto';
import type { Json } from '@runlane/contracts';
import type { EventCollector } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

const ALLOWED = 'http://127.0.0.1:8099/hook?token=s3cret';

let world: World;
let events: EventCollector;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  const service = world.runConsumer({
    RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*',
    RUNLANE_WEBHOOK_DENY: 'own.example.com',
  });
  await service.ready();
});

afterAll(() => world[Symbol.asyncDispose]());

/** The types and webhooks of the events of a run, in order. */
async function webhooksOf(request: Record<string, Json>): Promise<(string | null)[][]> {
  const runId = randomUUID();
  await world.publish(runCreate(`webhook-${runId}`, { run_id: runId, ...request }));
  await events.terminal(runId);
  return (await events.eventsOfRun(runId)).map(({ type, webhook }) => [type, webhook]);
}

test('by default the terminal event has the webhook', async () => {
  expect(await webhooksOf({ webhook: ALLOWED })).toEqual([
    ['run.pending', null],
    ['run.running', null],
    ['run.succeeded', ALLOWED],
  ]);
});

test('webhook_events says which events have it', async () => {
  expect(await webhooksOf({ webhook: 'https://example.com/', webhook_events: ['run.pending', 'run.failed'] })).toEqual([
    ['run.pending', 'https://example.com/'],
    ['run.running', null],
    ['run.succeeded', null],
  ]);
});

test('the event of a run that is rejected for another reason has it too', async () => {
  expect(await webhooksOf({ webhook: ALLOWED, assistant_id: 'nobody' })).toEqual([['run.rejected', ALLOWED]]);
});

test.each([
  'http://example.com/s3cret',
  'https://169.254.169.254/s3cret',
  'https://0x7f.1/s3cret',
  'https://[::ffff:10.0.0.1]/s3cret',
  'https://localhost/s3cret',
  'https://own.example.com/s3cret',
  'https://example.com:22/s3cret',
  'https://s3cret:s3cret@example.com/',
  'http://example.com\\@127.0.0.1/s3cret',
  'https://127.0.0.1:8099/s3cret',
  '/s3cret',
])('%s is refused, and no event has it', async (webhook) => {
  const runId = randomUUID();
  const wish = { webhook, webhook_events: ['run.rejected', 'run.pending'] };
  await world.publish(runCreate(`webhook-${runId}`, { run_id: runId, ...wish }));
  const rejected = await events.terminal(runId);
  expect(rejected).toMatchObject({ type: 'run.rejected', reason: 'webhook_refused', sequence: 1, webhook: null });
  expect(rejected.error?.message).toMatch(/^webhook: \w/);
  expect(rejected.error?.message).not.toContain('s3cret');
  expect(await webhooksOf({ ...wish, assistant_id: 'nobody' })).toEqual([['run.rejected', null]]);
});
