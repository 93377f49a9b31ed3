/** A graph whose module blocks its thread for ever. Real: worker threads, processes, LangGraph, Postgres. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WorkersWorld, keptLog, run } from './workers.fixture.ts';

let world: WorkersWorld;
beforeAll(async () => {
  world = await WorkersWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

test('I10: a graph whose import blocks its thread fails its own runs, and the workers start without it', async () => {
  const { logger, lines } = keptLog();
  await using workers = await world.start({
    graphIds: ['misbehaving', 'busy', 'steps'],
    settings: { loadLimitMs: 2_000 },
    threadCount: 2,
    logger,
  });
  const busy = await world.claimOf('busy', {});
  const failed = { kind: 'failed', reason: 'graph_not_loadable', error: { error: 'GraphNotLoadable' } };
  expect(await run(workers, busy)).toMatchObject(failed);
  expect(await run(workers, { ...busy, isIsolated: true })).toMatchObject({
    ...failed,
    error: { message: expect.stringMatching(/^Graph busy: its import has blocked/) },
  });
  expect(await run(workers, await world.claim('nothing'))).toMatchObject({ kind: 'succeeded' });
  expect(await run(workers, await world.claimOf('steps', { steps: 2, ms: 0 }))).toMatchObject({ kind: 'succeeded' });
  const blocking = lines.filter(({ msg }) => msg === 'graph.blocks_at_import');
  expect(new Set(blocking.map(({ graph_id }) => graph_id))).toEqual(new Set(['busy']));
});
