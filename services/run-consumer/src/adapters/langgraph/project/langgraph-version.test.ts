/**
 * Graphs of projects that bring their own LangGraph.
 * Real: the worker thread, Postgres, and copies of released versions of LangGraph in folders where a module finds no
 * other copy.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Outcome } from '../../../domain/run.ts';
import { ProjectWithOwnCopy } from './own-copy.fixture.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { GraphWorkers } from '../worker/graph-workers.ts';

let rows: RunRows;
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());

/** Worker threads that run the graphs of a project with its own copy of an installed LangGraph. */
async function startProject(langgraph: string) {
  const project = new ProjectWithOwnCopy(langgraph);
  const workers = new GraphWorkers({
    settings: {
      database: { DATABASE_URL: rows.databaseUrl, secretFiles: {} },
      checkpointSchema: 'public',
      poolSize: 2,
      loadLimitMs: 60_000,
      directory: project.directory,
      graphs: [
        project.graph('gate'),
        project.graph('pause'),
        project.graph('shapes', 'builder'),
        project.graph('shapes', 'factory'),
      ],
      tsconfig: null,
      store: { index: null, ttl: null },
      stackLength: 0,
      logLevel: 'silent',
    },
    environment: { ...process.env, SIDE_EFFECTS_FILE: join(project.directory, 'side-effects.jsonl') },
    memoryMb: 256,
    threadCount: 1,
    drainGraceMs: 60_000,
    leaseMs: 10_000,
    logger: silentLogger,
  });
  workers.leaseEnd.moveTo(performance.now() + 3_600_000);
  await workers.start();
  return {
    project,
    workers,
    [Symbol.asyncDispose]: async () => {
      await workers.stop();
      project[Symbol.dispose]();
    },
  };
}

function notesOf(project: ProjectWithOwnCopy): { run_id: string; node: string }[] {
  return readFileSync(join(project.directory, 'side-effects.jsonl'), { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .flatMap((line) => (line.includes('"at":"start"') ? [JSON.parse(line) as { run_id: string; node: string }] : []));
}

const never = new AbortController().signal;
const run = async (workers: GraphWorkers, graphId: string, input: object): Promise<Outcome> =>
  workers.run(await rows.claim(randomUUID(), { assistant_id: graphId, input: { ...input } }), {
    abort: never,
    drain: never,
  });

describe.each(['@langchain/langgraph', 'langgraph-oldest'])('a project with its own copy of %s', (langgraph) => {
  let own: Awaited<ReturnType<typeof startProject>>;
  beforeAll(async () => {
    own = await startProject(langgraph);
  });
  afterAll(() => own[Symbol.asyncDispose]());

  test('runs with what Runlane passes to it, and pauses', async () => {
    for (const shape of ['shapes:builder', 'shapes:factory']) {
      expect(await run(own.workers, shape, { label: 'x' })).toMatchObject({
        kind: 'succeeded',
        head: { checkpointId: expect.any(String) as string, values: { seen: { label: 'x', store: true } } },
      });
    }
    expect(await run(own.workers, 'pause:graph', { question: 'who' })).toMatchObject({
      kind: 'paused',
      head: { next: ['ask'], interrupts: [{ value: 'answer to who' }] },
    });
  });

  test.each(['sync', 'async'])(
    'I12: stops after its step (%s), and the next start continues from there',
    async (durability) => {
      const gate = join(own.project.directory, `gate-${durability}`);
      const claimed = await rows.claim(randomUUID(), {
        assistant_id: 'gate:graph',
        input: { label: 'x', ms: 0, gate },
        durability,
      });
      const started = () =>
        notesOf(own.project).flatMap(({ run_id, node }) => (run_id === claimed.runId ? [node] : []));
      const drain = new AbortController();

      const draining = own.workers.run(claimed, { abort: never, drain: drain.signal });
      await eventually(() => started().length === 1, { what: 'the first step executes' });
      drain.abort();
      // What the thread is told later it does later: once this run has ended, it knows of the drain.
      await run(own.workers, 'shapes:builder', { label: 'x' });
      writeFileSync(gate, '');

      expect(await draining).toMatchObject({ kind: 'handed_back', spendsAttempt: false });
      expect(started()).toEqual(['first']);
      const resumed = own.workers.run(await rows.claimAgain(claimed), { abort: never, drain: never });
      expect(await resumed).toMatchObject({ kind: 'succeeded', head: { values: { label: 'x' } } });
      expect(started()).toEqual(['first', 'second']);
    },
  );
});

test('runs of a project whose LangGraph cannot stop between two steps fail with what to update', async () => {
  await using own = await startProject('langgraph-without-run-control');
  for (const shape of ['shapes:builder', 'shapes:factory']) {
    expect(await run(own.workers, shape, { label: 'x' })).toMatchObject({
      kind: 'failed',
      reason: 'graph_not_loadable',
      error: {
        error: 'GraphNotLoadable',
        message: expect.stringMatching(/version 1\.3\.7.*needs 1\.4\.0 or newer.*shapes\.ts/) as string,
      },
    });
  }
  const { rowCount } = await rows.pool.query(`select from checkpoints where metadata->>'graph_id' = 'shapes:builder'`);
  expect(rowCount).toBe(0);
});
