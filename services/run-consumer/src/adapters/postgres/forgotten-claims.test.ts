/**
 * I3: a claim that the database has forgotten is distinguished from the claim that replaces it.
 * Real: Postgres, the statements of claims and settlements, the checkpoint writer. Doubled: the loss of commits by an
 * asynchronous failover, by putting the earlier row back.
 */
import { randomUUID } from 'node:crypto';
import { emptyCheckpoint } from '@langchain/langgraph-checkpoint';
import { GroupCommit, RunSaver, createBatchWriter } from '@runlane/checkpoint';
import { WriteRefused } from '@runlane/checkpoint/threads';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { claimNumber } from '../../domain/run.ts';
import type { ClaimedRun, Outcome } from '../../domain/run.ts';
import { EXECUTOR, LedgerWorld } from './ledger-world.fixture.ts';
import { createRunClaims } from './run-claims.ts';
import { createExecutorLeases } from './run-store.ts';
import { createThreadCheckpoints } from './thread-checkpoints.ts';

const checkpoints = createThreadCheckpoints('public');

let world: LedgerWorld;
beforeAll(async () => {
  world = await LedgerWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const SUCCEEDED: Outcome = {
  kind: 'succeeded',
  head: { checkpointId: null, next: [], interrupts: [], values: null },
  nothingToContinue: false,
};

async function readyRun(): Promise<string> {
  const threadId = randomUUID();
  await world.admit([{ create: { thread_id: threadId } }]);
  return threadId;
}

/** Puts the ready runs back to what they are now, as often as it is called. */
async function memory(): Promise<() => Promise<void>> {
  const { pool } = world.rows;
  const table = `kept_${randomUUID().replaceAll('-', '')}`;
  await pool.query(`create table ${table} as select run_id, fencing_token, attempt, sequence, ready_at
                    from runlane.runs where ready_at is not null`);
  return async () => {
    await pool.query(
      `update runlane.runs as run
       set status = 'pending', executor_id = null, run_started_at = null, fencing_token = kept.fencing_token,
         attempt = kept.attempt, sequence = kept.sequence, ready_at = kept.ready_at
       from ${table} as kept where run.run_id = kept.run_id`,
    );
    await pool.query(
      `delete from runlane.outbox as event using ${table} as kept
       where event.run_id = kept.run_id and event.sequence > kept.sequence`,
    );
  };
}

async function writeWith({ runId, threadId, fencingToken }: ClaimedRun): Promise<unknown> {
  const { pool } = world.rows;
  const saver = new RunSaver({
    pool,
    schema: 'public',
    threadId,
    commits: new GroupCommit(createBatchWriter(pool, 'public')),
    claim: { runId, fencingToken },
  });
  const config = { configurable: { thread_id: threadId, checkpoint_ns: '' } };
  return saver.put(config, emptyCheckpoint(), { source: 'input', step: -1, parents: {} }, {}).then(
    () => 'written',
    (error: unknown) => error,
  );
}

test('of a forgotten claim and the claim that replaces it only the later can write and settle', async () => {
  await readyRun();
  const loseCommits = await memory();
  const forgotten = await world.claimOne();
  await loseCommits();
  const later = await world.claimOne();

  expect(later.runId).toBe(forgotten.runId);
  expect([claimNumber(forgotten), claimNumber(later)]).toEqual([1, 1]);
  expect(await writeWith(forgotten)).toBeInstanceOf(WriteRefused);
  expect(await writeWith(later)).toBe('written');
  expect(await world.settle(forgotten, SUCCEEDED)).toBe('lost');
  expect(await world.settle(later, SUCCEEDED)).toBe('settled');
});

test('handing back and the next claim raise the token, so that the next claim is not taken for the first', async () => {
  await readyRun();
  const first = await world.claimOne();
  const back = {
    kind: 'handed_back',
    spendsAttempt: false,
    isolate: false,
    error: { error: 'E', message: 'm' },
  } as const;
  expect(await world.settle(first, back)).toBe('requeued');
  expect(await writeWith(first)).toBeInstanceOf(WriteRefused);
  const second = await world.claimOne();
  expect(claimNumber(second)).toBe(3);
  expect(await world.settle(second, SUCCEEDED)).toBe('settled');
});

test('a token of an earlier version, which only counts, is raised above all of that kind', async () => {
  await readyRun();
  await world.rows.pool.query('update runlane.runs set fencing_token = 2 where ready_at is not null');
  const run = await world.claimOne();
  expect(claimNumber(run)).toBe(2);
  expect(await world.settle(run, SUCCEEDED)).toBe('settled');
});

test('a renewal returns every claim that the ledger knows, with its stop request, and none that it forgot', async () => {
  const leases = createExecutorLeases(world.rows.database);
  const renewed = async () => (await leases.renew(EXECUTOR, 60_000))?.held ?? [];
  const before = await renewed();
  const askedThread = await readyRun();
  const asked = await world.claimOne();
  await world.admit([{ cancel: { thread_id: askedThread, action: 'interrupt' } }]);
  await readyRun();
  const loseCommits = await memory();
  const forgotten = await world.claimOne();
  const of = ({ runId, fencingToken }: ClaimedRun) => ({ runId, fencingToken });
  expect(await renewed()).toEqual(
    expect.arrayContaining([
      ...before,
      { ...of(asked), stop: { action: 'interrupt', reason: 'cancelled', supersededBy: null } },
      { ...of(forgotten), stop: null },
    ]),
  );

  await loseCommits();
  expect(await renewed()).not.toContainEqual({ ...of(forgotten), stop: null });
  const later = await world.claimOne();
  expect(await renewed()).toHaveLength(before.length + 2);
  expect(await renewed()).toContainEqual({ ...of(later), stop: null });
  for (const run of [asked, later]) await world.settle(run, SUCCEEDED);
});

test('stop requests name the claim', async () => {
  const threadId = await readyRun();
  const run = await world.claimOne();
  await world.admit([{ cancel: { thread_id: threadId, action: 'interrupt' } }]);
  const { rows } = await world.rows.pool.query<{ executor_id: string }>(
    'select executor_id from runlane.runs where run_id = $1',
    [run.runId],
  );
  const requests = await createRunClaims(world.rows.database, [], checkpoints).stopRequests(rows[0]?.executor_id ?? '');
  expect(requests).toMatchObject([{ runId: run.runId, fencingToken: run.fencingToken }]);
});
