/**
 * A process computes each result of a node once, whichever worker thread a run is in.
 * Real: LangGraph's cache, worker threads, a process of its own, Postgres.
 */
import { InMemoryCache } from '@langchain/langgraph-checkpoint';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Outcome } from '../../../domain/run.ts';
import { WorkersWorld, fileOf, run, signals } from '../worker/workers.fixture.ts';
import { NodeCache } from './node-cache.ts';
import { SharedCaches } from './shared-caches.ts';

let world: WorkersWorld;
beforeAll(async () => {
  world = await WorkersWorld.create(inject('databaseUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

const file = fileOf('cached');
const settings = {
  graphs: ['graph', 'other', 'outer'].map((exportName) => ({ graphId: exportName, file, exportName })),
};

type Places = { by: string; here: string };
const claim = (graphId: string, x: number, ms = 0) => world.claimOf(graphId, { x, ms });

function placesOf(outcome: Outcome): Places {
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return outcome.head.values as Places;
}

test('threads and processes of single runs share the results of a graph, and two graphs share none', async () => {
  await using workers = await world.start({ settings, threadCount: 2, nodeCacheMb: 1 });
  const first = placesOf(await run(workers, await claim('graph', 3)));
  expect(first.by).toBe(first.here);
  const insideFirst = placesOf(await run(workers, await claim('outer', 3)));
  expect(insideFirst).toEqual({ ...first, x: 3, ms: 0, square: 9 });
  // It keeps the thread of the first busy, until it is aborted.
  const controls = signals();
  const holder = await claim('other', 4, 60_000);
  const holding = workers.run(holder, controls);
  await world.haveStarted(holder);
  const second = placesOf(await run(workers, await claim('graph', 3)));
  expect(second.here).not.toBe(first.here);
  expect(second.by).toBe(first.by);
  const inside = placesOf(await run(workers, await claim('outer', 3)));
  expect(inside).toMatchObject({ here: second.here, by: insideFirst.by });
  const otherGraph = placesOf(await run(workers, await claim('other', 3)));
  expect(otherGraph.by).toBe(otherGraph.here);
  const apart = placesOf(await run(workers, { ...(await claim('graph', 3)), isIsolated: true }));
  expect(apart.here).not.toContain(`${process.pid}/`);
  expect(apart.by).toBe(first.by);
  controls.stop.abort(new Error('It has held the thread for long enough.'));
  await holding;
  await workers.reload();
  const reloaded = placesOf(await run(workers, await claim('graph', 3)));
  expect(reloaded.by).toBe(reloaded.here);
});

/** Two threads of a process: what both have loaded, and the process that they share. */
function threads(maxBytes = 1_000_000) {
  const kept = new NodeCache(maxBytes);
  const thread = () => {
    const caches: SharedCaches = new SharedCaches((request) => {
      const answer = kept.answer(structuredClone(request));
      if (answer !== null) queueMicrotask(() => caches.answered(structuredClone(answer)));
    });
    return caches;
  };
  return [thread(), thread()] as const;
}

type Key = [namespace: string[], key: string];
const key: Key = [['writes', 'node'], 'k'];
const otherKey: Key = [['writes', 'another'], 'k'];

test('a cache finds in one thread what another has stored, and is cleared for both', async () => {
  const [one, other] = threads();
  const [mine, theirs, alien] = [new InMemoryCache(), new InMemoryCache(), new InMemoryCache()];
  one.share('graph', { cache: mine });
  other.share('graph', { cache: theirs });
  other.share('another', { cache: alien });
  await mine.set([
    { key, value: new Set(['a']) },
    { key: otherKey, value: 'b' },
  ]);
  expect(await theirs.get([key, otherKey])).toEqual([
    { key, value: new Set(['a']) },
    { key: otherKey, value: 'b' },
  ]);
  expect(await alien.get([key, otherKey])).toEqual([]);
  await theirs.clear([key[0]]);
  expect(await mine.get([key, otherKey])).toEqual([{ key: otherKey, value: 'b' }]);
  await theirs.clear([]);
  expect(await mine.get([otherKey])).toEqual([]);
});

test('entries that a module has stored before its cache is shared are found until the cache is cleared', async () => {
  const [one] = threads();
  const cache = new InMemoryCache();
  await cache.set([{ key, value: 'warm' }]);
  one.share('graph', { cache });
  expect(await cache.get([key])).toEqual([{ key, value: 'warm' }]);
  await cache.set([{ key, value: 'new' }]);
  expect(await cache.get([key])).toEqual([{ key, value: 'new' }]);
  await cache.clear([]);
  expect(await cache.get([key])).toEqual([]);
});

test('a subclass keeps its own behaviour; caches of other classes, and those of no graph, are left alone', async () => {
  const [one, other] = threads();
  const gets: string[] = [];
  class Noting extends InMemoryCache {
    override get(keys: Key[]) {
      gets.push(...keys.map(([, name]) => name));
      return super.get(keys);
    }
  }
  const [mine, theirs] = [new Noting(), new Noting()];
  one.share('graph', { cache: mine });
  other.share('graph', { cache: theirs });
  await mine.set([{ key, value: 'x' }]);
  expect(await theirs.get([key])).toEqual([{ key, value: 'x' }]);
  expect(gets).toEqual(['k']);
  const foreign = { get: () => Promise.resolve('mine') };
  one.share('foreign', { cache: foreign });
  one.share('none', {});
  expect(await foreign.get()).toBe('mine');
  const unshared = new InMemoryCache();
  await unshared.set([{ key, value: 'own' }]);
  expect(await unshared.get([key])).toEqual([{ key, value: 'own' }]);
  expect(await mine.get([key])).toEqual([{ key, value: 'x' }]);
});

test('a cache that two graphs share is one cache in every thread, whichever graph loads first', async () => {
  const [one, other] = threads();
  const [mine, theirs] = [new InMemoryCache(), new InMemoryCache()];
  for (const graphId of ['a', 'b']) one.share(graphId, { cache: mine });
  for (const graphId of ['b', 'a']) other.share(graphId, { cache: theirs });
  await mine.set([{ key, value: 'x' }]);
  expect(await theirs.get([key])).toEqual([{ key, value: 'x' }]);
});
