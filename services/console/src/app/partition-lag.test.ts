import { expect, test } from 'vitest';
import { lagOf } from './partition-lag.ts';

test('lag counts what is stored and not read; without a leader it is not known', () => {
  const ends = new Map([
    [0, { low: 0n, high: 10n }],
    [1, { low: 4n, high: 10n }],
    [2, { low: 8n, high: 10n }],
    [4, { low: 0n, high: 3n }],
  ]);
  const positions = new Map([
    [0, 9n],
    [2, 3n],
    [3, 1n],
    [4, 7n],
  ]);
  expect(lagOf('t', 5, ends, positions).map(({ next, lag }) => [next, lag])).toEqual([
    [10n, 0],
    [null, 6],
    [4n, 2],
    [2n, null],
    [8n, 0],
  ]);
});
