/**
 * I1, I11: the ledger goes back under a running process, as by a restore or a failover to a standby that lacks the last
 * commits. Real: Kafka, Postgres, the process. Doubled: the loss of commits, by deleting the last runs, their events
 * and the position. Decides: every run that was lost has its events again, and a side effect of its second execution.
 */
import { randomUUID } from 'node:crypto';
import { PARTITION_COUNT } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector, ServiceProcess } from '@runlane/testkit';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { deleteRecords, publishInTransaction } from '../support/cluster.ts';
import { World, runCreate } from '../support/world.ts';

const brokers = inject('kafkaBrokers');
let world: World;
let events: EventCollector;
let service: ServiceProcess;

beforeEach(async () => {
  world = await World.create({ brokers, databaseUrl: inject('databaseUrl') });
  events = await world.collectEvents();
  service = world.runConsumer();
});
afterEach(() => world[Symbol.asyncDispose]());

/** Publishes runs of one thread, one record each, and returns their ids in order. */
async function publish(thread: string, count: number): Promise<string[]> {
  const runIds = Array.from({ length: count }, () => randomUUID());
  for (const run_id of runIds) await world.publish(runCreate(thread, { run_id }));
  return runIds;
}

async function haveEnded(runIds: readonly string[], times: number): Promise<void> {
  await eventually(
    async () => {
      const ends = (await events.events()).filter(({ type }) => type === 'run.succeeded');
      return runIds.every((runId) => ends.filter(({ run_id: id }) => id === runId).length >= times);
    },
    { what: `${runIds.length} runs have ended ${times} times`, deadlineMs: 90_000 },
  );
}

/** Remembers how far the ledger has read; `lose` puts it back there, without the runs that came after. */
async function standing(): Promise<{ lose: (runIds: readonly string[]) => Promise<void> }> {
  await world.pool.query('create table kept as select * from runlane.consumer_positions');
  return {
    lose: async (runIds) => {
      await world.pool.query(
        `with gone as (delete from runlane.outbox where run_id = any ($1::uuid[])),
           lost as (delete from runlane.runs where run_id = any ($1::uuid[])),
           fresh as (delete from runlane.consumer_positions as held
             where not exists (select from kept where kept.partition = held.partition))
         update runlane.consumer_positions as held
         set position = kept.position, record_timestamp_ms = kept.record_timestamp_ms
         from kept where kept.partition = held.partition`,
        [runIds],
      );
    },
  };
}

test('lost runs that a running process has seen committed are read again before newer ones', async () => {
  await haveEnded(await publish('thread-0', 5), 1);
  const ledger = await standing();
  const lost = await publish('thread-0', 5);
  await haveEnded(lost, 1);
  await ledger.lose(lost);

  const newer = await publish('thread-0', 1);
  await haveEnded(lost, 2);
  await haveEnded(newer, 1);
  expect(service.logs.filter(({ msg }) => msg === 'ledger.went_back')).toHaveLength(1);
});

test('lost runs are also read again when no new record comes, and on new partitions', async () => {
  await haveEnded(await publish('thread-0', 2), 1);
  const ledger = await standing();
  const lost = [
    ...(await publish('thread-0', 2)),
    ...(await publish('thread-1', 2)),
    ...(await publish('thread-2', 2)),
  ];
  await haveEnded(lost, 1);
  await ledger.lose(lost);
  await expect(haveEnded(lost, 2)).resolves.toBeUndefined();
});

test('a new and empty database is filled from what the topic has, whatever the group has committed', async () => {
  const runIds = [...(await publish('thread-0', 3)), ...(await publish('thread-1', 3))];
  await haveEnded(runIds, 1);
  await service.stopCleanly();
  await world.pool.query('truncate runlane.runs, runlane.threads, runlane.outbox, runlane.consumer_positions');
  service = world.runConsumer();
  await expect(haveEnded(runIds, 2)).resolves.toBeUndefined();
});

/** How many records the services have said to be lost, oldest first. */
function saidLost(services: readonly ServiceProcess[]): unknown[] {
  const lines = services.flatMap(({ logs }) => logs);
  return lines.filter(({ msg }) => msg === 'admission.records_lost_to_retention').map(({ records }) => records);
}

test('records that retention deleted unread are counted once and logged; transaction markers and aborted records are not', async () => {
  const { requests: topic } = world.topics;
  const transact = (end: 'commit' | 'abort', run_id: string) => {
    const message = { topic, key: 'thread-0', value: String(runCreate('thread-0', { run_id }).value) };
    return publishInTransaction(brokers, [message], end);
  };
  const first = service;
  await eventually(
    async () => (await world.pool.query('select from runlane.consumer_positions')).rowCount === PARTITION_COUNT,
    { what: 'every partition has its place, also before anything was read of it' },
  );
  await first.stopCleanly();
  await publish('thread-0', 2);
  await deleteRecords(brokers, topic);
  const second = (service = world.runConsumer());
  await eventually(() => saidLost([second]).length > 0, { what: 'the loss is said before a record comes' });

  // Lost under a process that goes on: it waits with the next record in its hands.
  const [aborted, committed] = [randomUUID(), randomUUID()];
  await transact('abort', aborted);
  await transact('commit', committed);
  await haveEnded([committed], 1);
  const holder = await world.pool.connect();
  await holder.query('begin; lock table runlane.consumer_positions');
  const [held] = await publish('thread-0', 1);
  await eventually(
    async () => {
      const { rowCount } = await world.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'relation' and query like '%lock-position%'`,
      );
      return rowCount === 1;
    },
    { what: 'the record waits' },
  );
  await publish('thread-0', 3);
  await deleteRecords(brokers, topic);
  const later = await publish('thread-0', 1);
  await holder.query('commit');
  holder.release();
  await haveEnded([...(held === undefined ? [] : [held]), ...later], 1);
  expect(saidLost([first, second])).toEqual([2, 3]);
  expect((await events.events()).filter(({ run_id: id }) => id === aborted)).toEqual([]);
});
