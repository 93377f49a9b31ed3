/**
 * Valid requests that are refused at admission. Nothing runs, no thread is created, and the only event says why and
 * what to change. Real: Kafka, Postgres, the process. Decides: the status topic, the table of threads and what the
 * graphs did.
 */
import { randomUUID } from 'node:crypto';
import { assistantIdOfGraph, threadIdOfStatelessRun } from '@runlane/contracts';
import type { RejectedReason } from '@runlane/contracts';
import type { EventCollector, ServiceProcess } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { World, runCreate } from '../support/world.ts';

type Refused = { name: string; request: Record<string, unknown>; reason: RejectedReason; message: RegExp };

const RESERVED_KEYS = [
  'thread_id',
  'run_id',
  'graph_id',
  'assistant_id',
  'checkpoint_id',
  'checkpoint_ns',
  'checkpoint_map',
  '__pregel_resuming',
];

const REFUSED: Refused[] = [
  refused('an unknown graph name', { assistant_id: 'nobody' }, 'unknown_assistant', /nobody.*Known graphs: lane, /),
  refused('an unknown assistant id', { assistant_id: randomUUID() }, 'unknown_assistant', /Known graphs: /),
  refused('a graph name in another case', { assistant_id: 'LANE' }, 'unknown_assistant', /LANE/),
  ...RESERVED_KEYS.map((key) =>
    refused(
      `config.configurable.${key}`,
      configured({ [key]: 'x' }),
      'reserved_config_key',
      new RegExp(`${key},.*Remove`),
    ),
  ),
  refused('two reserved keys', configured({ run_id: 1, graph_id: 2 }), 'reserved_config_key', /run_id, graph_id/),
  refused(
    'a reserved key for an unknown graph',
    { ...configured({ run_id: 1 }), assistant_id: 'nobody' },
    'reserved_config_key',
    /run_id/,
  ),
  refused(
    'a thread that does not exist for an unknown graph',
    { assistant_id: 'nobody', if_not_exists: 'reject' },
    'unknown_assistant',
    /nobody/,
  ),
  refused('if_not_exists: reject', { if_not_exists: 'reject' }, 'thread_not_found', /does not exist/),
];

let world: World;
let events: EventCollector;
let service: ServiceProcess;

beforeAll(async () => {
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  service = world.runConsumer();
  await service.ready();
});

afterAll(() => world[Symbol.asyncDispose]());

test.for(REFUSED)('a request with $name is rejected as $reason', async ({ request, reason, message }) => {
  const runId = randomUUID();
  const threadId = `refused-${runId}`;
  await world.publish(runCreate(threadId, { run_id: runId, metadata: { of: 'mine' }, ...request }));

  const rejected = await events.terminal(runId);

  expect(rejected).toMatchObject({
    type: 'run.rejected',
    status: 'rejected',
    sequence: 1,
    attempt: 0,
    thread_id: threadId,
    thread_status: null,
    reason,
    error: { error: reason, message: expect.stringMatching(message) },
    blocked_by: null,
    superseded_by: null,
    metadata: { of: 'mine' },
    run_started_at: null,
    run_ended_at: expect.any(String),
    values: null,
    webhook: null,
  });
  const known = request['assistant_id'] === undefined;
  expect(rejected.assistant_id).toBe(known ? assistantIdOfGraph('lane') : request['assistant_id']);
  expect(rejected.graph_id).toBe(known ? 'lane' : null);
  expect(await threadExists(threadId)).toBe(false);
  expect(world.nodesExecuted(threadId)).toEqual([]);
});

test('a stateless run is rejected under the thread id that is derived from its run id', async () => {
  const runId = randomUUID();
  const threadId = threadIdOfStatelessRun(runId);
  const request = { thread_id: null, run_id: runId, assistant_id: 'nobody' };
  await world.publish({ ...runCreate('unused', request), key: null });

  expect(await events.terminal(runId)).toMatchObject({
    reason: 'unknown_assistant',
    thread_id: threadId,
    thread_status: null,
  });
  expect(await threadExists(threadId)).toBe(false);
});

test('a rejection on an existing thread does not change it, and reports its status', async () => {
  const [first, refusedRun, next] = [randomUUID(), randomUUID(), randomUUID()];
  await world.publish(runCreate('existing', { run_id: first }));
  await events.terminal(first);
  await world.publish(
    runCreate('existing', { run_id: refusedRun, assistant_id: 'nobody' }),
    runCreate('existing', { run_id: next }),
  );

  expect(await events.terminal(refusedRun)).toMatchObject({ type: 'run.rejected', thread_status: 'idle' });
  expect(await events.terminal(next)).toMatchObject({ type: 'run.succeeded', thread_status: 'idle' });
  expect(await threadExists('existing')).toBe(true);
});

test('every refused request has exactly one event', async () => {
  const rejected = (await events.events()).filter(({ type }) => type === 'run.rejected');
  const ofRejected = new Set(rejected.map(({ run_id }) => run_id));

  expect(rejected.length).toBe(REFUSED.length + 2);
  expect((await events.events()).filter(({ run_id }) => ofRejected.has(run_id)).length).toBe(rejected.length);
});

function refused(name: string, request: Record<string, unknown>, reason: RejectedReason, message: RegExp): Refused {
  return { name, request, reason, message };
}

function configured(configurable: Record<string, unknown>): Record<string, unknown> {
  return { config: { configurable } };
}

async function threadExists(threadId: string): Promise<boolean> {
  const { rows } = await world.pool.query('select from runlane.threads where thread_id = $1', [threadId]);
  return rows.length > 0;
}
