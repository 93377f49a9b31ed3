import { expect, test } from 'vitest';
import { createRepeatFilter } from './repeats.ts';

test('the same event in another record is a repeat, the same record again is not', () => {
  const isRepeat = createRepeatFilter();
  expect([isRepeat('a', 0, 1n), isRepeat('a', 0, 2n), isRepeat('a', 0, 1n), isRepeat('b', 0, 3n)]).toEqual([
    false,
    true,
    false,
    false,
  ]);
});
