/** Decides: how long the watchers of the database rest. */
import { expect, test } from 'vitest';
import { restAfterLook } from './rest-after-look.ts';

test.for([
  ['a short look', 10, 5_000],
  ['a long look', 2_000, 40_000],
  ['a look that waited for a frozen database', 45_000, 60_000],
] as const)('after %s', ([, tookMs, restMs]) => {
  expect(restAfterLook(5_000, tookMs)).toBe(restMs);
});

test('after one that takes long by itself', () => {
  expect(restAfterLook(5_000, 600_000, Infinity)).toBe(12_000_000);
});
