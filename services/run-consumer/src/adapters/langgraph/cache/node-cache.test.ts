import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CacheKey } from './cache-messages.ts';
import { NodeCache } from './node-cache.ts';

beforeEach(() => {
  vi.useFakeTimers();
  // A cache does not heed what it keeps at a time of 0.
  vi.advanceTimersByTime(1);
});
afterEach(() => {
  vi.useRealTimers();
});

const keyOf = (name: string): CacheKey => [['node'], name];

function keep(cache: NodeCache, name: string, size: number, ttlSeconds: number | null = null): void {
  const value = { encoding: 'json', bytes: new Uint8Array(size) };
  cache.answer({ type: 'cache', ask: 'set', scope: 'graph', entries: [{ key: keyOf(name), value, ttlSeconds }] });
}

function kept(cache: NodeCache, ...names: string[]): string[] {
  const answer = cache.answer({ type: 'cache', ask: 'get', id: 1, scope: 'graph', keys: names.map(keyOf) });
  return answer?.found.map(({ key: [, name] }) => name) ?? [];
}

test('a full cache drops the least recently used entry, and does not keep an entry larger than itself', () => {
  const cache = new NodeCache(10_000);
  keep(cache, 'a', 4_000);
  keep(cache, 'b', 4_000);
  expect(kept(cache, 'a')).toEqual(['a']);
  keep(cache, 'c', 4_000);
  expect(kept(cache, 'a', 'b', 'c')).toEqual(['a', 'c']);
  keep(cache, 'a', 20_000);
  expect(kept(cache, 'a', 'c')).toEqual(['c']);
});

test('entries count with their overhead, which matters when they are many and small', () => {
  const cache = new NodeCache(10_000);
  for (let index = 0; index < 1_000; index += 1) keep(cache, `entry ${index}`, 1);
  const names = Array.from({ length: 1_000 }, (_, index) => `entry ${index}`);
  expect(kept(cache, ...names).length).toBeLessThan(50);
  expect(kept(cache, ...names)).toContain('entry 999');
});

test('an entry expires with its time, and one with a time of 0 or less expires immediately', () => {
  const cache = new NodeCache(10_000);
  keep(cache, 'brief', 1, 0.5);
  keep(cache, 'long', 1, 60);
  keep(cache, 'ever', 1);
  keep(cache, 'none', 1);
  keep(cache, 'none', 1, 0);
  expect(kept(cache, 'brief', 'long', 'ever', 'none')).toEqual(['brief', 'long', 'ever']);
  vi.advanceTimersByTime(501);
  expect(kept(cache, 'brief', 'long', 'ever')).toEqual(['long', 'ever']);
  vi.advanceTimersByTime(60_000);
  expect(kept(cache, 'long', 'ever')).toEqual(['ever']);
});
