/**
 * What a run leaves behind that is asked to stop while its graph runs. Real: Postgres, LangGraph, the saver.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GroupCommit, RunSaver, createBatchWriter } from '@runlane/checkpoint';
import type { WriteBatch } from '@runlane/checkpoint';
import type { Json } from '@runlane/contracts';
import { Cancelled } from '../../../domain/abort-reasons.ts';
import { eventually, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { GraphRegistry } from '../graphs/graph-registry.ts';
import { createGraphRunner } from './graph-runner.ts';
import { RunRows } from './run-rows.fixture.ts';
import { openStore } from '../store/store.ts';

const file = fileURLToPath(new URL('../../../../../../test/graphs/src/lane.ts', import.meta.url));
const graphs = new GraphRegistry([{ graphId: 'lane', file, exportName: 'graph' }], silentLogger);

const directory = mkdtempSync(join(tmpdir(), 'runlane-runner-'));
const sideEffects = join(directory, 'side-effects.jsonl');
const noted = () => readFileSync(sideEffects, 'utf8').split('\n');

let rows: RunRows;
let pool: RunRows['pool'];
let store: ReturnType<typeof openStore>;

beforeAll(async () => {
  writeFileSync(sideEffects, '');
  process.env['SIDE_EFFECTS_FILE'] = sideEffects;
  rows = await RunRows.create(inject('databaseUrl'));
  pool = rows.pool;
  store = openStore({ databaseUrl: rows.databaseUrl, schema: 'public', logger: silentLogger });
});
afterAll(async () => {
  await store.stop();
  await rows[Symbol.asyncDispose]();
  delete process.env['SIDE_EFFECTS_FILE'];
  rmSync(directory, { recursive: true });
});

const claim = (threadId: string, request: Record<string, Json> = {}) =>
  rows.claim(threadId, { assistant_id: 'lane', input: { label: 'a', ms: 0 }, ...request });

function execute(run: ClaimedRun, abort: AbortSignal, write = createBatchWriter(pool, 'public')): Promise<Outcome> {
  const commits = new GroupCommit(write);
  const runGraph = createGraphRunner({
    graphs,
    newSaver: ({ runId, fencingToken, metadata }, ties) =>
      new RunSaver({ pool, schema: 'public', commits, claim: { runId, fencingToken }, metadata, ...ties }),
    store,
    logger: silentLogger,
  });
  return runGraph(run, { abort, drain: new AbortController().signal });
}

describe('a run that is asked to stop', () => {
  const stopped = async (how: 'interrupt' | 'rollback', run: ClaimedRun, when: () => Promise<void>) => {
    const abort = new AbortController();
    const outcome = execute(run, abort.signal);
    await when();
    abort.abort(new Cancelled({ action: how }));
    return outcome;
  };
  const hasCheckpoints = (run: ClaimedRun, count: number) => () =>
    eventually(
      async () =>
        ((await pool.query('select from checkpoints where thread_id = $1', [run.threadId])).rowCount ?? 0) >= count,
      { what: `${count} checkpoints` },
    ).then(() => undefined);

  test('keeps its finished supersteps, and reports the state at its end', async () => {
    // Input, then the first step; the second one takes a while.
    const run = await claim(randomUUID(), { input: { label: 'a', ms: 500 } });
    const outcome = await stopped('interrupt', run, hasCheckpoints(run, 3));
    expect(outcome).toMatchObject({ kind: 'failed', head: { next: ['second'], values: { labels: ['a:first'] } } });
    const newest = await pool.query<{ checkpoint_id: string }>(
      'select checkpoint_id from checkpoints where thread_id = $1 order by checkpoint_id desc limit 1',
      [run.threadId],
    );
    expect(outcome).toHaveProperty('head.checkpointId', newest.rows[0]?.checkpoint_id);
  });

  test.each(['async', 'sync', 'exit'])(
    'keeps them with durability %s, also those that wait to be written',
    async (durability) => {
      const run = await claim(randomUUID(), { durability, input: { label: 'a', ms: 300 } });
      const write = createBatchWriter(pool, 'public');
      const slow: WriteBatch = async (batch) => {
        await sleep(100);
        return write(batch);
      };
      const abort = new AbortController();
      const outcome = execute(run, abort.signal, slow);
      await eventually(() => noted().some((line) => line.includes(run.runId) && line.includes('second')), {
        what: 'the second step has begun',
      });
      abort.abort(new Cancelled({ action: 'interrupt' }));
      expect(await outcome).toMatchObject({ head: { next: ['second'], values: { labels: ['a:first'] } } });
    },
  );

  test('before it has started writes nothing, not even its input, and reports the state of the thread', async () => {
    const before = await claim(randomUUID(), { input: { label: 'before', ms: 0 } });
    await execute(before, new AbortController().signal);
    await rows.settle(before);
    const abort = new AbortController();
    abort.abort(new Cancelled({ action: 'interrupt' }));
    const outcome = await execute(await claim(before.threadId), abort.signal);
    expect(outcome).toMatchObject({ kind: 'failed', head: { next: [] } });
    expect(outcome).toMatchObject({ head: { values: { labels: ['before:first', 'before:second'] } } });
  });

  test('and to roll back reports no state, because none stays', async () => {
    const run = await claim(randomUUID(), { input: { label: 'a', ms: 500 } });
    expect(await stopped('rollback', run, hasCheckpoints(run, 2))).toMatchObject({ kind: 'failed', head: null });
  });
});
