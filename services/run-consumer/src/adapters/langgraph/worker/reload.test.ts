/**
 * Graphs that are loaded anew: later runs have the new code, and a run that executes ends with the old one.
 * Real: worker threads, modules in a folder, LangGraph, Postgres.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Outcome } from '../../../domain/run.ts';
import { prepareStore } from '../store/prepare-store.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { watchProject } from '../project/watch-project.ts';
import { GraphWorkers } from './graph-workers.ts';

const store = { index: null, ttl: null };
const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-reload-')));
const directory = join(workspace, 'agent');
const [linked, behind] = ['index.ts', 'behind.cts'].map((name) => join(workspace, 'linked', name));
const LINKED = [`export { behind } from './behind.cjs';\n`, `export const behind = 'behind';\n`];
const [agent, version, began, goOn] = ['agent.ts', 'version.ts', 'began', 'go-on'].map((name) => join(directory, name));

let rows: RunRows;
beforeAll(async () => {
  for (const folder of [join(directory, 'node_modules'), join(workspace, 'linked')])
    mkdirSync(folder, { recursive: true });
  symlinkSync(
    fileURLToPath(new URL('../../../../../../test/graphs/node_modules/@langchain', import.meta.url)),
    join(directory, 'node_modules', '@langchain'),
  );
  symlinkSync(join(workspace, 'linked'), join(directory, 'node_modules', 'linked'));
  writeFileSync(join(workspace, 'linked', 'package.json'), '{ "type": "module", "main": "./index.ts" }');
  for (const [index, file] of [linked, behind].entries()) writeFileSync(String(file), String(LINKED[index]));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    String(agent),
    `import { existsSync, writeFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { Annotation, StateGraph } from '@langchain/langgraph';
    import { version } from './version.js';
    import 'linked';
    export const graph = new StateGraph(Annotation.Root({ wait: Annotation<boolean>, out: Annotation<string> }))
      .addNode('a', async ({ wait }) => {
        if (wait) writeFileSync(${JSON.stringify(began)}, '');
        while (wait && !existsSync(${JSON.stringify(goOn)})) await sleep(10);
        return { out: version };
      })
      .addEdge('__start__', 'a')
      .compile();`,
  );
  rows = await RunRows.create(inject('databaseUrl'));
  const { pool, databaseUrl } = rows;
  await prepareStore(pool, { databaseUrl, schema: 'public', settings: store, embeddings: null, logger: silentLogger });
});
afterAll(async () => {
  await rows[Symbol.asyncDispose]();
  rmSync(workspace, { recursive: true });
});

const write = (text: string) => writeFileSync(String(version), `export const version = '${text}';`);

function createWorkers(): GraphWorkers {
  const workers = new GraphWorkers({
    settings: {
      database: { DATABASE_URL: rows.databaseUrl, secretFiles: {} },
      checkpointSchema: 'public',
      poolSize: 2,
      directory,
      graphs: [{ graphId: 'agent', file: String(agent), exportName: 'graph' }],
      tsconfig: null,
      store,
      loadLimitMs: 60_000,
      stackLength: 0,
      tellsModules: true,
      logLevel: 'silent',
    },
    environment: process.env,
    memoryMb: 128,
    threadCount: 1,
    drainGraceMs: 60_000,
    leaseMs: 6_000,
    logger: silentLogger,
  });
  workers.leaseEnd.moveTo(performance.now() + 3_600_000);
  return workers;
}

async function run(workers: GraphWorkers, wait = false): Promise<Outcome> {
  const never = new AbortController().signal;
  return workers.run(await rows.claim(randomUUID(), { assistant_id: 'agent', input: { wait } }), {
    abort: never,
    drain: never,
  });
}

const ended = (out: string) => ({ kind: 'succeeded', head: { values: { out } } });

test('new runs have the new code immediately, and the one that executes ends with the old code', async () => {
  write('old');
  const workers = createWorkers();
  await workers.start();
  const slow = run(workers, true);
  await eventually(() => existsSync(String(began)), { what: 'the run executes' });
  write('new');
  const reloaded = workers.reload();
  expect(await run(workers)).toMatchObject(ended('new'));
  write('newest');
  void workers.reload();
  expect(await run(workers)).toMatchObject(ended('newest'));
  await reloaded;
  writeFileSync(String(goOn), '');
  expect(await slow).toMatchObject(ended('old'));
  await workers.stop();
});

test('a reload while the first threads still load does not fail the start', async () => {
  write('first');
  const workers = createWorkers();
  const started = workers.start();
  write('second');
  await workers.reload();
  await started;
  expect(await run(workers)).toMatchObject(ended('second'));
  await workers.stop();
});

test('changes of linked packages and of their modules are reported when a graph has loaded them', async () => {
  write('any');
  const stop = new AbortController();
  const told = new Set<string>();
  await watchProject({ directory }, stop.signal, (files) => {
    for (const file of files) told.add(file);
  });
  const workers = createWorkers();
  await workers.start();
  for (const [index, file] of [linked, behind].entries()) {
    // It is watched from a moment after it has loaded.
    await eventually(
      () => {
        if (told.has(String(file))) return true;
        writeFileSync(String(file), `${LINKED[index]}// ${randomUUID()}`);
        return false;
      },
      // Longer than the moment in which nothing may change before a change is told.
      { what: `a change of ${file} is told`, everyMs: 500 },
    );
  }
  expect([...told].toSorted()).toEqual([behind, linked].toSorted());
  stop.abort();
  await workers.stop();
});

test('changes of modules are reported, except those of installed packages and of other files', async () => {
  const stop = new AbortController();
  const told: string[] = [];
  await watchProject({ directory }, stop.signal, (files) => told.push(...files));
  const stray = ['notes.txt', '.cache.json', 'node_modules.log'].map((name) => join(directory, name));
  for (const file of stray) writeFileSync(file, 'x');
  write('changed');
  await eventually(() => told.includes(String(version)), { what: 'the change is told' });
  expect(told).toEqual([version]);
  stop.abort();
});
