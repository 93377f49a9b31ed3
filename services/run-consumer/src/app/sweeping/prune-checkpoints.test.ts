/**
 * Which threads are pruned, and when. What is left of one is shown in packages/checkpoint.
 * Real: Postgres and the statements. Doubled: runs and checkpoints, by rows.
 */
import { randomUUID } from 'node:crypto';
import { Database, createPool } from '@runlane/postgres';
import { eventually, silentLogger } from '@runlane/testkit';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { RunRows } from '../../adapters/langgraph/attempt/run-rows.fixture.ts';
import { createCheckpointPruning } from '../../adapters/postgres/sweeping/checkpoint-pruning.ts';
import { pruneCheckpointsUntil } from './prune-checkpoints.ts';
import type { CheckpointPruning } from './prune-checkpoints.ts';

const DAY_MS = 86_400_000;

let rows: RunRows;
let pruning: CheckpointPruning;
beforeEach(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  pruning = createCheckpointPruning(rows.database, 'public', DAY_MS);
});
afterEach(() => rows[Symbol.asyncDispose]());

/** A thread with checkpoints `c1` to `c3`. */
async function thread(threadId: string, status = 'idle'): Promise<void> {
  await rows.pool.query(
    `insert into runlane.threads (thread_id, status, resting_status, first_partition)
     values ($1, $2, case when $2 = 'busy' then 'idle' else $2 end, 0)`,
    [threadId, status],
  );
  await rows.pool.query(
    `insert into checkpoints (thread_id, checkpoint_ns, checkpoint_id, checkpoint, metadata)
     select $1, '', 'c' || number, '{"v": 4, "channel_versions": {}}', '{}' from generate_series(1, 3) as number`,
    [threadId],
  );
}

async function runEnds(threadId: string, secondsAgo: number, type = 'run.succeeded'): Promise<void> {
  await rows.pool.query(
    `insert into runlane.outbox (run_id, thread_id, type, sequence, attempt, occurred_at, run_ended_at)
     values ($1, $2, $3, 3, 1, now() - $4 * interval '1 second', now())`,
    [randomUUID(), threadId, type, secondsAgo],
  );
}

async function checkpointsOf(threadId: string): Promise<string[]> {
  const { rows: found } = await rows.pool.query(
    'select checkpoint_id from checkpoints where thread_id = $1 order by 1',
    [threadId],
  );
  return found.map((row) => row.checkpoint_id);
}

const settle = (threadId: string) =>
  rows.pool.query(`update runlane.threads set status = 'idle' where thread_id = $1`, [threadId]);

/** Prunes in the background with short times, until disposed of. */
function prunes(checkpoints = pruning) {
  const stop = new AbortController();
  const done = pruneCheckpointsUntil(stop.signal, { checkpoints, idleMs: 1_000, everyMs: 50, logger: silentLogger });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

const isPruned = (threadId: string) =>
  eventually(async () => (await checkpointsOf(threadId)).join() === 'c3', { what: `${threadId} is pruned` });

describe('one thread', () => {
  test.each(['idle', 'interrupted', 'error'])('that is %s keeps only its latest checkpoint', async (status) => {
    await thread('t', status);
    expect(await pruning.prune('t', 100)).toBe(2);
    expect(await checkpointsOf('t')).toEqual(['c3']);
  });

  test('with a run that is pending, running or scheduled is left alone', async () => {
    await thread('t', 'busy');
    expect(await pruning.prune('t', 100)).toBe(0);
    expect(await checkpointsOf('t')).toHaveLength(3);
  });

  test('that an admission has locked is left alone, and the admission does not wait', async () => {
    await thread('t');
    const client = await rows.pool.connect();
    try {
      await client.query('begin');
      await client.query(`select from runlane.threads where thread_id = 't' for update`);
      expect(await pruning.prune('t', 100)).toBe(0);
      await client.query('commit');
    } finally {
      client.release();
    }
    expect(await pruning.prune('t', 100)).toBe(2);
  });

  test('that Runlane does not know is left alone', async () => {
    await thread('t');
    await rows.pool.query('delete from runlane.threads');
    expect(await pruning.prune('t', 100)).toBe(0);
  });
});

test('all threads are pruned once, in pages', async () => {
  const ids = Array.from({ length: 450 }, (_, index) => `t${String(index).padStart(3, '0')}`);
  await rows.pool.query(
    `insert into runlane.threads (thread_id, status, first_partition) select unnest($1::text[]), 'idle', 0`,
    [ids],
  );
  await thread('zzz');
  await thread('aaa');
  await using _ = prunes();
  await isPruned('aaa');
  await isPruned('zzz');
  expect(await checkpointsOf('zzz')).toEqual(['c3']);
});

test('a thread that was busy at start is pruned some time after its run has ended, and not before', async () => {
  await thread('busy', 'busy');
  await thread('other');
  await using _ = prunes();
  await isPruned('other');

  await settle('busy');
  await runEnds('busy', 0);
  const endedAtMs = performance.now();
  await isPruned('busy');

  expect(performance.now() - endedAtMs).toBeGreaterThan(900);
});

test('ended runs are read from the last place on, and each thread once', async () => {
  for (const threadId of ['old', 'old']) await runEnds(threadId, 100);
  const { outboxId: place } = await pruning.place(1_000);
  await runEnds('a', 50);
  await runEnds('b', 40, 'run.rejected');
  await runEnds('a', 30);
  await runEnds('c', 20);
  await runEnds('young', 0);

  const first = await pruning.endedAfter(place, 1_000, 3);
  expect(first.threadIds).toEqual(['a']);
  const second = await pruning.endedAfter(first.place, 1_000, 3);
  expect(second.threadIds).toEqual(['c']);
  expect(await pruning.endedAfter(second.place, 1_000, 3)).toEqual({ threadIds: [], place: second.place });
});

test('the next round makes up for one that fails', async () => {
  await thread('t');
  let failures = 0;
  const failing: CheckpointPruning = {
    place: (idleMs) => pruning.place(idleMs),
    keep: (place) => pruning.keep(place),
    endedAfter: (place, idleMs, limit) => pruning.endedAfter(place, idleMs, limit),
    prune: (threadId, limit) => pruning.prune(threadId, limit),
    threadsAfter: async (threadId, limit) => {
      failures += 1;
      if (failures <= 2) await rows.pool.query('select 1 / 0');
      return pruning.threadsAfter(threadId, limit);
    },
  };
  await using _ = prunes(failing);
  await isPruned('t');
  expect(failures).toBeGreaterThan(2);
});

test('the next process continues where the last one was, and begins again when events may have been deleted in between', async () => {
  await runEnds('old', 100);
  expect(await pruning.place(1_000)).toEqual({ walkedThrough: '', outboxId: 1n });
  await pruning.keep({ walkedThrough: 'm', outboxId: 0n });
  await thread('a');
  await thread('z');
  const first = prunes();
  await isPruned('z');
  await eventually(async () => (await pruning.place(1_000)).walkedThrough === null, { what: 'the walk has ended' });
  await first[Symbol.asyncDispose]();
  expect(await checkpointsOf('a')).toHaveLength(3);
  expect(await pruning.place(1_000)).toEqual({ walkedThrough: null, outboxId: 1n });

  await rows.pool.query(`update runlane.sweep_places set updated_at = now() - interval '1 day'`);
  await using _ = prunes();
  await isPruned('a');
});

test('threads whose runs end are pruned during the walk over all threads', async () => {
  await thread('t', 'busy');
  const walking = Promise.withResolvers<void>();
  const neverEnding: CheckpointPruning = {
    place: (idleMs) => pruning.place(idleMs),
    keep: (place) => pruning.keep(place),
    endedAfter: (place, idleMs, limit) => pruning.endedAfter(place, idleMs, limit),
    prune: (threadId, limit) => pruning.prune(threadId, limit),
    threadsAfter: () => {
      walking.resolve();
      return Promise.resolve(['another']);
    },
  };
  await using _ = prunes(neverEnding);
  await walking.promise;
  await settle('t');
  await runEnds('t', 100);
  await isPruned('t');
  expect((await pruning.place(1_000)).walkedThrough).not.toBeNull();
});

test('I10: a thread that takes too long, also in small parts, is skipped, and others are pruned', async () => {
  for (const threadId of ['a heavy', 'b light']) await thread(threadId);
  await rows.pool.query(`
    create function hold_up() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return old; end $$`);
  await rows.pool.query(`create trigger hold_up before delete on checkpoints for each row
    when (old.thread_id = 'a heavy') execute function hold_up()`);
  const pool = createPool({
    url: rows.databaseUrl,
    applicationName: 'test',
    logger: silentLogger,
    statementTimeoutMs: 1_000,
    readMarginMs: 30_000,
  });
  const limited = createCheckpointPruning(new Database(pool), 'public', DAY_MS);
  const asked: number[] = [];
  const prune = (threadId: string, limit: number) => {
    if (threadId === 'a heavy') asked.push(limit);
    return limited.prune(threadId, limit);
  };
  {
    await using _pruning = prunes({ ...limited, prune });
    await isPruned('b light');
  }
  expect(asked).toEqual([500, 250, 125, 62]);
  expect(await checkpointsOf('a heavy')).toHaveLength(3);
  await pool.end();
});
