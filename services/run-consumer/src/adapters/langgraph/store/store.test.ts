/**
 * The store that langgraph.json describes, as graphs use it.
 * Real: LangGraph's PostgresStore, Postgres without pgvector (the packaged one) and with it, graphs.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { GroupCommit, RunSaver, createBatchWriter } from '@runlane/checkpoint';
import { createPool } from '@runlane/postgres';
import { createDatabase, silentLogger } from '@runlane/testkit';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Outcome } from '../../../domain/run.ts';
import { GraphRegistry } from '../graphs/graph-registry.ts';
import { createGraphRunner } from '../attempt/graph-runner.ts';
import type { StoreSettings } from '../project/langgraph-json-store.ts';
import { prepareStore } from './prepare-store.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { FreezableLink } from './freezable-link.fixture.ts';
import { loadEmbeddings } from './store-embeddings.ts';
import { openStore } from './store.ts';
import { waitingForStore } from './waiting-store.ts';
import { VectorDatabase } from './vector-database.fixture.ts';

const graphFile = (name: string) =>
  fileURLToPath(new URL(`../../../../../../test/graphs/src/${name}.ts`, import.meta.url));
const graphs = new GraphRegistry([{ graphId: 'notes', file: graphFile('notes'), exportName: 'graph' }], silentLogger);

const plain: StoreSettings = { index: null, ttl: null };
const indexed = (exportName: string, dims = 3, fields = ['text']): StoreSettings => ({
  index: { dims, embed: { file: graphFile('embed'), exportName }, fields },
  ttl: null,
});

let rows: RunRows;
let vectors: VectorDatabase;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  vectors = await VectorDatabase.start();
});
afterAll(async () => {
  await rows[Symbol.asyncDispose]();
  await vectors[Symbol.asyncDispose]();
});

async function withPool<T>(url: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool({ url, applicationName: 'test', logger: silentLogger });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

const prepare = (databaseUrl: string, settings: StoreSettings, schema = 'public') =>
  withPool(databaseUrl, (pool) => prepareStore(pool, { databaseUrl, schema, settings, logger: silentLogger }));

async function open(databaseUrl: string, settings: StoreSettings, schema = 'public') {
  const embeddings = settings.index === null ? null : await loadEmbeddings(settings.index);
  const store = openStore({ databaseUrl, schema, settings, embeddings, logger: silentLogger });
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.stop() });
}

function openStoreOf(databaseUrl: string) {
  const store = openStore({ databaseUrl, schema: 'public', logger: silentLogger });
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.stop() });
}

/** Runs the graph on the store; its checkpoints are in the packaged Postgres. */
async function runNotes(
  store: ReturnType<typeof openStore>,
  input: { note: string; question: string },
): Promise<Outcome> {
  const commits = new GroupCommit(createBatchWriter(rows.pool, 'public'));
  const runGraph = createGraphRunner({
    graphs,
    newSaver: ({ runId, fencingToken }, ties) =>
      new RunSaver({ pool: rows.pool, schema: 'public', commits, claim: { runId, fencingToken }, ...ties }),
    store,
    logger: silentLogger,
  });
  const never = new AbortController().signal;
  return runGraph(await rows.claim(randomUUID(), { assistant_id: 'notes', input }), { abort: never, drain: never });
}

test('an item that a graph stores is found by its words in a run of another thread', async () => {
  const url = await createDatabase(inject('databaseUrl'));
  await prepare(url, plain);
  await using store = await open(url, plain);

  await runNotes(store, { note: 'the door is blue', question: 'x' });
  await runNotes(store, { note: 'the cat is fed', question: 'x' });

  expect(await runNotes(store, { note: '', question: 'door' })).toMatchObject({
    kind: 'succeeded',
    head: { values: { found: ['the door is blue'] } },
  });
});

test('an operation under way when its attempt is aborted has a moment to end, and is not waited for longer', async () => {
  const url = await createDatabase(inject('databaseUrl'));
  await prepare(url, plain);
  await using store = await open(url, plain);
  await withPool(url, async (pool) => {
    const holder = await pool.connect();
    const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    const abortedBehindLock = async (): Promise<Promise<void>[]> => {
      const attempt = new AbortController();
      await holder.query('begin; lock table store in access exclusive mode');
      const put = waitingForStore(attempt.signal, () => store.put(['n'], 'k', { v: 1 }));
      put.catch(() => undefined); // awaited below
      await expect.poll(async () => (await pool.query(waits)).rowCount, { timeout: 10_000 }).toBe(1);
      attempt.abort(new Error('lost'));
      return [put];
    };
    const [stuck] = await abortedBehindLock();
    await expect(stuck).rejects.toThrow('lost');
    await holder.query('rollback');
    const [inTime] = await abortedBehindLock();
    await holder.query('rollback');
    await inTime;
    holder.release();
  });
});

test('a server that no longer answers holds up nobody: the connection is given up for another one', async () => {
  const url = await createDatabase(inject('databaseUrl'));
  await prepare(url, plain);
  await using link = await FreezableLink.to(url);
  await using store = openStoreOf(`${link.url}?statement_timeout=200`);
  await store.put(['n'], 'k', { v: 1 });
  link.freeze();
  await expect(store.get(['n'], 'k')).rejects.toThrow('Query read timeout');
  // Within an attempt it is asked again, until it is there.
  const waiting = waitingForStore(new AbortController().signal, () => store.get(['n'], 'k'));
  waiting.catch(() => undefined); // awaited below
  link.thawForNewOnes();
  expect(await waiting).toMatchObject({ value: { v: 1 } });
});

test('an operation that exceeds the limit of the database each time fails in the end', async () => {
  const url = await createDatabase(inject('databaseUrl'));
  await prepare(url, plain);
  await using store = openStoreOf(`${url}?statement_timeout=100`);
  await withPool(url, async (pool) => {
    const holder = await pool.connect();
    await holder.query('begin; lock table store in access exclusive mode');
    const put = waitingForStore(new AbortController().signal, () => store.put(['n'], 'k', { v: 1 }));
    await expect(put).rejects.toThrow('statement timeout');
    await holder.query('rollback');
    holder.release();
  });
});

describe('with store.index', () => {
  test('a Postgres without pgvector is refused at start, saying what to install', async () => {
    const url = await createDatabase(inject('databaseUrl'));
    await expect(prepare(url, indexed('embed'))).rejects.toThrow(
      /store\.index, which needs .*pgvector.*Install pgvector/,
    );
  });

  test.each(['embed', 'embeddings'])(
    'an item that a graph stores is found by the vectors of %s, and not by its words',
    async (made) => {
      const schema = `by_${made}`;
      await prepare(vectors.url, indexed(made), schema);
      await using store = await open(vectors.url, indexed(made), schema);

      await runNotes(store, { note: 'aaaa', question: 'x' });
      await runNotes(store, { note: 'bbbb', question: 'x' });
      const found = await runNotes(store, { note: 'cccc', question: 'bob' });

      expect(found).toMatchObject({ kind: 'succeeded', head: { values: { found: ['bbbb'] } } });
    },
  );

  test('only the fields of store.index are embedded', async () => {
    await prepare(vectors.url, indexed('embed', 3, ['secret']), 'fields');
    await using store = await open(vectors.url, indexed('embed', 3, ['secret']), 'fields');

    await runNotes(store, { note: 'aaaa', question: 'cc' });
    expect(await runNotes(store, { note: 'cccc', question: 'aa' })).toMatchObject({
      head: { values: { found: ['cccc'] } },
    });
  });

  test('an index that the project removes and adds again is the same', async () => {
    await prepare(vectors.url, plain, 'later');
    await prepare(vectors.url, indexed('embed'), 'later');
    await prepare(vectors.url, plain, 'later');
    await expect(prepare(vectors.url, indexed('embed'), 'later')).resolves.toBeUndefined();
  });

  test('dims that differ from those of the table are refused at start', async () => {
    await prepare(vectors.url, indexed('embed', 3), 'dims');
    await expect(prepare(vectors.url, indexed('embed', 4), 'dims')).rejects.toThrow(
      /store\.index\.dims of langgraph\.json is 4, but "dims"\.store_vectors\.embedding is vector\(3\)/,
    );
  });

  test('vectors of another length than dims fail the run, because the store would leave them out in silence', async () => {
    await prepare(vectors.url, indexed('tooShort'), 'short');
    await using store = await open(vectors.url, indexed('tooShort'), 'short');
    expect(await runNotes(store, { note: 'a', question: 'b' })).toMatchObject({
      kind: 'failed',
      reason: 'graph_error',
      error: { message: expect.stringMatching(/tooShort of .* gave 1 vectors of length 2 .* of 3 numbers/) as string },
    });
  });

  test.each([
    [
      'nothing',
      /export nothing of .*embed\.ts is neither an Embeddings object nor a function.*It exports .*embeddings/,
    ],
    ['missing', /export missing of .*embed\.ts/],
  ])('an embed export %s is refused', async (exportName, message) => {
    await expect(open(vectors.url, indexed(exportName))).rejects.toThrow(message);
  });
});

describe('with store.ttl', () => {
  const timed = { index: null, ttl: { defaultMinutes: 10, refreshOnRead: true, sweepEveryMinutes: 1 } };

  test('items get the default time, reading renews it, and a sweep deletes expired items', async () => {
    const url = await createDatabase(inject('databaseUrl'));
    await prepare(url, timed);
    await using store = await open(url, timed);
    await store.put(['n'], 'kept', { v: 1 });
    await store.put(['n'], 'over', { v: 2 });
    const minutes = (key: string) =>
      withPool(url, async (pool) => {
        const { rows: found } = await pool.query(
          `select round(extract(epoch from expires_at - now()) / 60)::int as left from store where key = $1`,
          [key],
        );
        return found[0]?.left;
      });
    expect(await minutes('kept')).toBe(10);
    await withPool(url, async (pool) => {
      await pool.query(`update store set expires_at = now() + interval '2 minutes' where key = 'kept'`);
      await pool.query(`update store set expires_at = now() - interval '1 second' where key = 'over'`);
    });

    expect(await store.get(['n'], 'kept')).toMatchObject({ value: { v: 1 } });
    expect(await store.get(['n'], 'over')).toBeNull();
    expect(await store.sweepExpiredItems()).toBe(1);

    expect(await minutes('kept')).toBe(10);
    expect(await minutes('over')).toBeUndefined();
  });
});
