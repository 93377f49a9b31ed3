/**
 * I4: the whole request topic is read a second time. Its records have every kind of verdict: runs with and
 * without a run_id, a repeat, a conflict, a refusal, a run that fails, and a dead letter.
 * Real: Kafka, Postgres, the process. Decides: the number of records in the status and dead letter topics, the
 * rows of the ledger, and what the graphs did outside of Runlane.
 */
import { randomUUID } from 'node:crypto';
import { DEAD_LETTER_HEADERS } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector, ServiceProcess, TopicReader } from '@runlane/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { deleteGroup } from '../support/cluster.ts';
import { World, runCreate } from '../support/world.ts';

const brokers = inject('kafkaBrokers');
let world: World;
let events: EventCollector;
let deadLetters: TopicReader;
let service: ServiceProcess;
let requestCount: number;

beforeAll(async () => {
  world = await World.create({ brokers, databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  deadLetters = await world.readDeadLetters();
  const known = runCreate('thread-0', { run_id: randomUUID() });
  await world.publish(
    ...Array.from({ length: 20 }, (_, run) => runCreate(`thread-${run % 10}`, { metadata: { run } })),
    known,
    known,
    runCreate('thread-0', { run_id: runIdOf(known), input: { label: 'another', ms: 0 } }),
    runCreate('thread-1', { assistant_id: 'nobody' }),
    runCreate('thread-2', { assistant_id: 'thrower', input: { message: 'as asked' } }),
    { ...runCreate('thread-3'), value: Buffer.from('not JSON') },
  );
  requestCount = await world.recordCount(world.topics.requests);
  const first = world.runConsumer();
  await settled();
  await first.stopCleanly();
});

afterAll(() => world[Symbol.asyncDispose]());

beforeEach(() => deleteGroup(brokers, world.group));

afterEach(() => service.stopCleanly());

test('a topic that is read again changes nothing when the ledger knows its position', async () => {
  const before = await everythingStored();

  service = world.runConsumer();
  await settled();

  // Of each partition the record at the position is read, which tells that the topic is the same.
  expect(await repeatCount(service)).toBeLessThanOrEqual(await world.partitionsWithRecords());
  expect(await everythingStored()).toEqual(before);
});

test('without positions the run ids alone keep runs from being admitted again', async () => {
  const before = await everythingStored();
  await world.pool.query('truncate runlane.consumer_positions');

  service = world.runConsumer();
  await settled();

  expect(await repeatCount(service)).toBe(requestCount - 1);
  // A dead letter has no run to be known by: it may come again, under the coordinates it had.
  expect(await everythingStored()).toEqual({ ...before, deadLetterCount: before.deadLetterCount + 1 });
  await eventually(() => deadLetters.records.length === 2, { what: 'both dead letters are read' });
  const [one, other] = deadLetters.records.map(({ headers }) =>
    [DEAD_LETTER_HEADERS.topic, DEAD_LETTER_HEADERS.partition, DEAD_LETTER_HEADERS.offset].map((name) =>
      headers.get(name)?.map(String),
    ),
  );
  expect(other).toEqual(one);
});

/** Resolves when every request was admitted, every admitted run has ended and every event is published. */
async function settled(): Promise<void> {
  await eventually(() => world.hasReadAllRequests(), { what: 'every request is read' });
  await eventually(
    async () => {
      const { rows } = await world.pool.query<{ unfinished: number; unpublished: number }>(`
        select
          (select count(*)::int from runlane.runs where status in ('pending', 'running')) as unfinished,
          (select count(*)::int from runlane.outbox where published_at is null) +
          (select count(*)::int from runlane.dead_letters) as unpublished`);
      return rows[0]?.unfinished === 0 && rows[0].unpublished === 0;
    },
    { what: 'every run has ended and is published' },
  );
}

async function everythingStored() {
  const { rows } = await world.pool.query<{ run_id: string; status: string; sequence: number }>(
    'select run_id, status, sequence from runlane.runs order by run_id',
  );
  const { rows: threads } = await world.pool.query<{ thread_id: string; status: string }>(
    'select thread_id, status, next_lane_position from runlane.threads order by thread_id',
  );
  return {
    runs: rows,
    threads,
    eventCount: await world.recordCount(world.topics.status),
    seenEventIds: (await events.events()).length,
    deadLetterCount: await world.recordCount(world.topics.deadLetters),
    steps: world.sideEffects().length,
  };
}

/** Records that the service counted as known, at their position or by their run id. */
async function repeatCount(of: ServiceProcess): Promise<number> {
  const metrics = await (await fetch(`${await of.httpUrl()}/metrics`)).text();
  return Number(/runlane_admission_records_total\{[^}]*verdict="repeat"[^}]*\} (\d+)/.exec(metrics)?.[1]);
}

function runIdOf(record: { value: Buffer }): unknown {
  return (JSON.parse(record.value.toString()) as { run_id: unknown }).run_id;
}
