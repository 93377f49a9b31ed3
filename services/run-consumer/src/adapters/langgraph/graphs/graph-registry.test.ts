import { silentLogger } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testGraph } from '../attempt/attempts.fixture.ts';
import { GraphNotLoadable, GraphRegistry } from './graph-registry.ts';
import { asBorrower } from './lent-parts.ts';
import { RunRows } from '../attempt/run-rows.fixture.ts';
import { openStore } from '../store/store.ts';

let rows: RunRows;
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
  const store = openStore({
    databaseUrl: rows.databaseUrl,
    schema: 'public',
    settings: { index: null, ttl: null },
    logger: silentLogger,
  });
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
