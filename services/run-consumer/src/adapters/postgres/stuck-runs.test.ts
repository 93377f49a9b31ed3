/**
 * An audit finds one stuck run of each kind beside runs that are not stuck. Real: Postgres, and every statement that
 * makes the rows. Doubled: Kafka; executors and sweepers, which do nothing here; time, which is set in the rows.
 * Decides: the kinds that are found.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openAudit } from '../../audit.ts';
import { LedgerWorld } from './ledger-world.fixture.ts';

const STUCK_MS = 60_000;

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

/** What is found on a thread: kinds with the place of the run among those that were admitted. */
async function found(thread: string, runIds: readonly string[]): Promise<[string, number][]> {
  const audit = openAudit(world.rows.database, { group: 'g', topic: 'requests', checkpointSchema: 'public' });
  const stuck = await audit.stuck(STUCK_MS, 100);
  return stuck.filter(({ threadId }) => threadId === thread).map(({ kind, runId }) => [kind, runIds.indexOf(runId)]);
}

/** Makes the last thing that happened to the runs older than an audit bears. */
async function age(runIds: readonly string[]): Promise<void> {
  await world.rows.pool.query(
    `update runlane.runs set updated_at = now() - interval '1 hour', ready_at = ready_at - interval '1 hour',
       scheduled_at = scheduled_at - interval '2 hours' where run_id = any ($1::uuid[])`,
    [runIds],
  );
}

test('ready: nobody claims the first run of a lane; those behind it only wait', async () => {
  const thread = randomUUID();
  const { runIds } = await world.admit([{ create: { thread_id: thread } }, { create: { thread_id: thread } }]);
  expect(await found(thread, runIds)).toEqual([]);
  await age(runIds);
  expect(await found(thread, runIds)).toEqual([['ready', 0]]);
  await world.admit([{ cancel: { thread_id: thread } }]);
  expect(await found(thread, runIds)).toEqual([]);
});

test('overdue: the time of a run has come, but it has not joined its lane', async () => {
  const thread = randomUUID();
  const { runIds } = await world.admit([
    { create: { thread_id: thread, after_seconds: 3_600 } },
    { create: { thread_id: thread, after_seconds: 36_000 } },
  ]);
  await age(runIds);
  expect(await found(thread, runIds)).toEqual([['overdue', 0]]);
  await world.admit([{ cancel: { thread_id: thread } }]);
});

test('stranded: the process of a run is gone; a living process may take any time', async () => {
  const thread = randomUUID();
  const { runIds } = await world.admit([{ create: { thread_id: thread } }]);
  const run = await world.claimOne();
  await age(runIds);
  expect(await found(thread, runIds)).toEqual([]);
  await world.rows.pool.query(`update runlane.executors set expires_at = now() - interval '1 second'`);
  expect(await found(thread, runIds)).toEqual([['stranded', 0]]);
  await world.rows.pool.query(`update runlane.executors set expires_at = now() + interval '1 hour'`);
  await world.settle(run, { kind: 'timed_out', limitSeconds: 1 });
});

test('unended: a marked run waits for its end; the first of each thread is reported until a sweep has ended it', async () => {
  const thread = randomUUID();
  world.endedAtOnce = 1;
  const create = { create: { thread_id: thread } };
  const { runIds } = await world.admit([create, create, create, create]);
  await world.admit([{ cancel: { thread_id: thread } }]);
  expect(await found(thread, runIds)).toEqual([]);
  await world.rows.pool.query(`update runlane.lane_ends set created_at = now() - interval '1 hour'`);
  await age(runIds);
  expect(await found(thread, runIds)).toEqual([['unended', 1]]);
  while ((await world.endSlice(thread, 10))?.hasMore === true);
  expect(await found(thread, runIds)).toEqual([]);
});

test('forgotten_lane: the first run of a lane is not ready; behind a running or marked run that is right', async () => {
  const thread = randomUUID();
  const create = { create: { thread_id: thread } };
  const { runIds } = await world.admit([create, create]);
  const running = await world.claimOne();
  await age(runIds);
  expect(await found(thread, runIds)).toEqual([]);
  await world.settle(running, { kind: 'timed_out', limitSeconds: 1 });
  await age(runIds);
  // What no statement does.
  await world.rows.pool.query('update runlane.runs set ready_at = null where run_id = $1', [runIds[1]]);
  expect(await found(thread, runIds)).toEqual([['forgotten_lane', 1]]);
});
