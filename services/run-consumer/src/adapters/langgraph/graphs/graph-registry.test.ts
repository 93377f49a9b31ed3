import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testGraph } from '../attempt/attempts.fixture.ts';
import { GraphNotLoadable, GraphRegistry } from './graph-registry.ts';
import { asBorrower } from './lent-parts.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { openStore } from '../store/store.ts';

let rows: RunRows;
const openTestStore = () =>
  openStore({
    databaseUrl: rows.databaseUrl,
    schema: 'public',
    settings: { index: null, ttl: null },
    logger: silentLogger,
  });
const directory = mkdtempSync(join(tmpdir(), 'runlane-graphs-'));
afterAll(() => rmSync(directory, { recursive: true }));
beforeAll(async () => {
  rows = await RunRows.create(inject('databaseUrl'));
});
afterAll(() => rows[Symbol.asyncDispose]());

test('a graph whose import never ends, or fails, fails only its own runs, with an explanation', async () => {
  const graphs = new GraphRegistry(
    [
      testGraph('hanging', 'misbehaving/hanging'),
      testGraph('echo', 'echo'),
      { graphId: 'python', file: '/project/agent.py', exportName: 'graph' },
    ],
    silentLogger,
    {
      loadLimitMs: 2_000,
    },
  );
  await graphs.loadAll();
  const store = openTestStore();
  const instance = (id: string) =>
    asBorrower(() => graphs.instantiate(id, {}, null, store, new AsyncDisposableStack()));
  await expect(instance('echo')).resolves.toBeDefined();
  await expect(instance('hanging')).rejects.toBeInstanceOf(GraphNotLoadable);
  await expect(instance('hanging')).rejects.toThrow(
    /hanging\.ts has not loaded within 2 s\. Connect to servers inside/,
  );
  await expect(instance('python')).rejects.toThrow(/agent\.py does not load: .*It is Python\./s);
  await store.stop();
});

test.each([
  ['nothing', '', /nothing\.mjs has no export graph\. It exports nothing: export the graph/],
  [
    'named',
    'export const agent = 1;',
    /no export graph\. It exports agent: name .* as in "\.\/path\/to\/file\.ts:agent"/,
  ],
  ['value', 'export const graph = 1;', /export graph of .* is no graph\. Export a compiled graph/],
  ['class', 'export class graph {}', /export graph of .* is no graph\. Export a compiled graph/],
  ['rejects', `export const graph = Promise.reject(new Error('no server'));`, /export graph of .* fails: no server/],
  [
    'builder',
    `export const graph = { compile() { throw new Error('no edge'); } };`,
    /export graph of .* fails: no edge/,
  ],
  ['factory', 'export const graph = () => 1;', /factory of graph factory returned no graph\. Return a compiled graph/],
])('an export that is no graph (%s) is refused, with what to change', async (name, source, message) => {
  const file = join(directory, `${name}.mjs`);
  writeFileSync(file, source);
  const graphs = new GraphRegistry([{ graphId: name, file, exportName: 'graph' }], silentLogger);
  const store = openTestStore();
  const made = asBorrower(() => graphs.instantiate(name, {}, null, store, new AsyncDisposableStack()));
  const error: unknown = await made.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GraphNotLoadable);
  expect(String(error)).toMatch(message);
  await store.stop();
});
