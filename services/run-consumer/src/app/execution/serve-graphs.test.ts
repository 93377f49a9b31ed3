/** Real: Postgres. Doubled: the waiting, which the test ends. Decides: what is registered, logged and counted. */
import { recordingLog } from '../recording-ports.fixture.ts';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { RunRows } from '../../adapters/langgraph/attempt/run-rows.fixture.ts';
import { createServedGraphs, selectServedGraphs } from '../../adapters/postgres/served-graphs.ts';
import { serveGraphsUntil, watchWaitingUntil } from './serve-graphs.ts';

let rows: RunRows;
beforeEach(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterEach(() => rows[Symbol.asyncDispose]());

/** Adds pending runs, each ready on a thread of its own for so many seconds. */
async function addReady(graphId: string, count: number, waitedSeconds: number): Promise<void> {
  await rows.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, ready_at, source_topic, source_partition, source_offset)
     select gen_random_uuid(), gen_random_uuid()::text, $1, $1, 'pending', 'enqueue', '{}', '', '{}', 1,
       now() - $3 * interval '1 second', 't', 0, 0
     from generate_series(1, $2)`,
    [graphId, count, waitedSeconds],
  );
}

/** Whoever served the graph said so for the last time as long ago. */
async function silentFor(graphId: string, interval: string): Promise<void> {
  await rows.pool.query(`update runlane.served_graphs set served_at = now() - $2::interval where graph_id = $1`, [
    graphId,
    interval,
  ]);
}

/** Looks as often as there are times, each at its monotonic time in milliseconds. */
async function look(times: readonly number[]): Promise<{ told: string[]; counts: (string | null)[] }> {
  const { logger, messages } = recordingLog();
  const counts: (string | null)[] = [];
  const end = new AbortController();
  const left = [...times];
  await watchWaitingUntil(end.signal, {
    served: createServedGraphs(rows.database),
    delay: () => {
      left.shift();
      if (left.length === 0) end.abort();
      return Promise.resolve();
    },
    onWaiting: (graphs) =>
      counts.push(
        graphs
          ?.map(({ graphId, runCount, isServed }) => `${graphId} ${runCount}${isServed ? ' served' : ''}`)
          .join(', ') ?? null,
      ),
    monotonicMs: () => left[0] ?? NaN,
    logger,
  });
  return { told: messages(), counts };
}

const serve = (...graphIds: string[]) => {
  const end = new AbortController();
  return serveGraphsUntil(end.signal, {
    served: createServedGraphs(rows.database),
    graphIds,
    delay: () => Promise.resolve(end.abort()),
    logger: recordingLog().logger,
  });
};

test('a graph is known from the first time that a process reports it until days after the last', async () => {
  await serve('b', 'a');
  await serve('b', 'c');
  expect(await selectServedGraphs(rows.pool)).toEqual(['a', 'b', 'c']);
  await silentFor('a', '6 days');
  await silentFor('b', '8 days');
  expect(await selectServedGraphs(rows.pool)).toEqual(['a', 'c']);
  await serve('b');
  expect(await selectServedGraphs(rows.pool)).toEqual(['a', 'b', 'c']);
});

test('a process does not repeat what another one has just written', async () => {
  const version = async () =>
    (await rows.pool.query<{ xmin: string }>('select xmin::text from runlane.served_graphs')).rows[0]?.xmin;
  await serve('a');
  const first = await version();
  await serve('a');
  expect(await version()).toBe(first);
  await silentFor('a', '10 seconds');
  const silent = await version();
  await serve('a');
  expect(await version()).not.toBe(silent);
});

test('ready runs are counted by graph, and graphs that nobody executes are logged once a minute', async () => {
  await serve('served', 'left', 'never ready');
  await silentFor('left', '2 minutes');
  await addReady('served', 3, 900);
  await addReady('left', 2, 100);
  await addReady('foreign', 1, 500);

  const { told, counts } = await look([0, 59_000, 60_000]);
  expect(counts).toEqual([...Array<string>(3).fill('foreign 1, left 2, served 3 served'), null]);
  expect(told).toHaveLength(4);
  expect(new Set(told)).toEqual(new Set([expect.stringMatching(/^graph\.unserved: no process has this graph/)]));
  await serve('left', 'foreign');
  expect(await look([0])).toEqual({ told: [], counts: ['foreign 1 served, left 2 served, served 3 served', null] });
});
