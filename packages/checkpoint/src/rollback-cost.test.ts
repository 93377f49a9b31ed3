/**
 * I8, I10: a rollback reads only what the run has written, and all of it.
 * Real: Postgres, LangGraph, the saver. Decides: rows read, as Postgres counts them, and the rows before and after.
 */
import { withTransaction } from '@runlane/postgres';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { checkpointFloorAt } from './checkpoint-floor.ts';
import { CHECKPOINT_TABLES } from './checkpoint-schema.ts';
import { CheckpointWorld } from './checkpoint-world.fixture.ts';
import { input, resume, threadIn } from './journal-thread.fixture.ts';
import type { Thread } from './journal-thread.fixture.ts';
import { rollBackRuns } from './journal.ts';
import { blobProblems, rowsRead } from './thread-tables.fixture.ts';

let world: CheckpointWorld;
beforeAll(async () => {
  world = await CheckpointWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const HISTORY = 20_000;
const DAY_MS = 86_400_000;

/** Gives a thread a past: checkpoints of the root, with values, and of one subgraph each of earlier tasks. */
async function addHistory(threadId: string): Promise<void> {
  await world.pool.query(
    `insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
     select $1, case number % 4 when 0 then 'inner:' || md5(number::text) else '' end,
       $2 || lpad(number::text, 12, '0'),
       jsonb_build_object('v', 4, 'id', $2 || lpad(number::text, 12, '0'), 'ts', '', 'channel_values', '{}'::jsonb, 'versions_seen', '{}'::jsonb,
         'channel_versions', jsonb_build_object('old', number + 0.5)),
       jsonb_build_object('run_id', md5((number / 4)::text)::uuid)
     from generate_series(1, $3::int) as number`,
    [threadId, checkpointFloorAt(Date.now() - DAY_MS).slice(0, -12), HISTORY],
  );
  await world.pool.query(
    `insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
     select thread_id, checkpoint_ns, 'old', checkpoint -> 'channel_versions' ->> 'old', 'json', '1'
     from checkpoints where thread_id = $1`,
    [threadId],
  );
  await world.pool.query(
    `insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
     select thread_id, checkpoint_ns, checkpoint_id, 'task', 0, 'old', 'json', '1' from checkpoints where thread_id = $1`,
    [threadId],
  );
}

/** What the three tables have of a thread, in short. */
async function digestOf(threadId: string): Promise<string[]> {
  const digests = CHECKPOINT_TABLES.map(async (table) => {
    const { rows } = await world.pool.query<{ digest: string }>(
      `select md5(string_agg(stored::text, ',' order by stored::text)) as digest
       from ${table} as stored where thread_id = $1`,
      [threadId],
    );
    return rows[0]?.digest ?? '';
  });
  return Promise.all(digests);
}

const readByRollback = (thread: Thread, ...runIds: string[]): Promise<number> =>
  withTransaction(world.pool, async (client: PoolClient) => {
    const before = await rowsRead(client);
    await rollBackRuns(
      client,
      'public',
      runIds.map((runId) => ({ runId, threadId: thread.threadId })),
    );
    return (await rowsRead(client)) - before;
  });

test('a rollback reads only what the run has written, however long the thread is', async () => {
  const threads = [threadIn(world, 'line'), threadIn(world, 'nested')] as const;
  for (const { threadId } of threads) await addHistory(threadId);
  await world.pool.query('analyze checkpoints, checkpoint_blobs, checkpoint_writes');
  for (const thread of threads) {
    await thread.run(input('before'));
    const digest = await digestOf(thread.threadId);
    const runId = await thread.run(input('in'));
    expect(await digestOf(thread.threadId)).not.toEqual(digest);
    expect(await readByRollback(thread, runId)).toBeLessThan(200);
    expect(await digestOf(thread.threadId)).toEqual(digest);
  }
});

test('several runs are rolled back at once, in all their namespaces', async () => {
  const [thread, other] = [threadIn(world, 'nested'), threadIn(world, 'line')];
  await thread.run(input('before'));
  const rows = await thread.rows();
  const first = await thread.run(input('in'));
  const others = await other.rows();
  const second = await thread.run(resume('1'));
  await thread.rollBack(first, second);
  expect(await thread.rows()).toEqual(rows);
  expect(await other.rows()).toEqual(others);
});

test('checkpoints that were made after the clock was set back are found as well', async () => {
  const thread = threadIn(world, 'nested', { floor: checkpointFloorAt(Date.now() + DAY_MS) });
  const runId = await thread.run(input('in'));
  await thread.rollBack(runId);
  expect(await thread.rows()).toEqual({ checkpoints: [], blobs: [], writes: [] });
});

test('values that an earlier checkpoint shares with a deleted one stay', async () => {
  const thread = threadIn(world, 'line');
  const earlier = await thread.run({ ...input('before'), stopBefore: 'second' });
  const rows = await thread.rows();
  await thread.run({ input: null });
  const base = await thread.head();
  const runId = await thread.run({ ...input('in'), stopBefore: 'first' });
  await world.pool.query('delete from checkpoints where thread_id = $1 and checkpoint_id = $2', [
    thread.threadId,
    base,
  ]);
  await thread.rollBack(runId);
  expect((await thread.rows())['blobs']).toEqual(expect.arrayContaining(rows['blobs'] ?? []));
  expect(earlier).not.toBe(runId);
});

test('a checkpoint that the stock saver has added on top of one of the run keeps its values', async () => {
  const thread = threadIn(world, 'line');
  const runId = await thread.run({ ...input('in'), stopBefore: 'second' });
  await thread.updateStock({ labels: ['by hand'] });
  await thread.rollBack(runId);
  expect(await thread.labels()).toEqual(['in', 'first', 'by hand']);
  expect(await blobProblems(world.pool, thread.threadId)).toEqual([]);
});
