/**
 * Runs send their traces to LangSmith, and its failures hold up nobody. Real: worker threads, LangGraph and its
 * LangSmith client, Postgres; the collector is a server on this machine.
 */
import { silentLogger } from '@runlane/testkit';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import { testGraph } from '../attempt/attempts.fixture.ts';
import { prepareStore } from '../store/prepare-store.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { GraphWorkers } from './graph-workers.ts';

const store = { index: null, ttl: null };

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
  const { pool, databaseUrl } = rows;
  await prepareStore(pool, { databaseUrl, schema: 'public', settings: store, embeddings: null, logger: silentLogger });
});
afterAll(() => rows[Symbol.asyncDispose]());

async function startTracing(endpoint: string): Promise<GraphWorkers> {
  const workers = new GraphWorkers({
    settings: {
      database: { DATABASE_URL: rows.databaseUrl, secretFiles: {} },
      checkpointSchema: 'public',
      poolSize: 2,
      directory: import.meta.dirname,
      graphs: [testGraph('steps', 'steps')],
      tsconfig: null,
      loadLimitMs: 60_000,
      store,
      stackLength: 0,
      logLevel: 'silent',
    },
    environment: {
      ...process.env,
      LANGSMITH_TRACING: 'true',
      LANGSMITH_ENDPOINT: endpoint,
      LANGSMITH_API_KEY: 'none',
      SIDE_EFFECTS_FILE: '/dev/null',
    },
    memoryMb: 128,
    threadCount: 1,
    drainGraceMs: 60_000,
    leaseMs: 6_000,
    logger: silentLogger,
  });
  workers.leaseEnd.moveTo(performance.now() + 3_600_000);
  await workers.start();
  return workers;
}

const claim = () => rows.claim(randomUUID(), { assistant_id: 'steps', input: { steps: 2, ms: 0 } });

function run(workers: GraphWorkers, claimed: ClaimedRun): Promise<Outcome> {
  const never = new AbortController().signal;
  return workers.run(claimed, { abort: never, drain: never });
}

type Trace = { id: string; name: string; parent_run_id?: string; extra: { metadata: Record<string, unknown> } };

/** A collector on this machine; `answers: false` lets every request hang. */
async function startCollector({ answers }: { answers: boolean }) {
  const roots: Trace[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (!answers) return;
    response.setHeader('content-type', 'application/json');
    // Whole traces as JSON, which is easier to read than the other form.
    if (request.url === '/info') return response.end('{"batch_ingest_config":{"use_multipart_endpoint":false}}');
    void text(request).then((body) => {
      const { post } = JSON.parse(body) as { post: Trace[] };
      roots.push(...post.filter((trace) => trace.parent_run_id == null));
      response.writeHead(202).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    roots,
    requests: () => requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('every attempt has a trace of its own, and the last traces are sent before the service ends', async () => {
  await using collector = await startCollector({ answers: true });
  const workers = await startTracing(collector.endpoint);
  const first = await claim();
  await run(workers, first);
  const second = await rows.claimAgain(first);
  await run(workers, second);
  await run(workers, await rows.claimAgain(second));
  await workers.stop();

  const ids = collector.roots.map(({ id }) => id);
  expect(ids[0]).toBe(first.runId);
  expect(new Set(ids).size).toBe(3);
  expect(collector.roots.map(({ extra }) => extra.metadata['run_id'])).toEqual(Array(3).fill(first.runId));
});

test('a collector which does not answer holds up no run and no end', async () => {
  await using collector = await startCollector({ answers: false });
  const workers = await startTracing(collector.endpoint);
  for (let count = 0; count < 3; count += 1) {
    expect(await run(workers, await claim())).toMatchObject({ kind: 'succeeded' });
  }
  await workers.stop();
  expect(collector.requests()).toBeGreaterThan(0);
});

test('a collector which is not there holds up no run and no end', async () => {
  const collector = await startCollector({ answers: false });
  await collector[Symbol.asyncDispose]();
  const workers = await startTracing(collector.endpoint);
  for (let count = 0; count < 3; count += 1) {
    expect(await run(workers, await claim())).toMatchObject({ kind: 'succeeded' });
  }
  await workers.stop();
});

test('a run in a process of its own sends its trace before that ends', async () => {
  await using collector = await startCollector({ answers: true });
  const workers = await startTracing(collector.endpoint);
  const claimed = { ...(await claim()), isIsolated: true };
  expect(await run(workers, claimed)).toMatchObject({ kind: 'succeeded' });
  expect(collector.roots.map(({ id }) => id)).toEqual([claimed.runId]);
  await workers.stop();
});
