import { expect, test } from 'vitest';
import { remembering } from './remember.ts';

test('many ask once, again when the answer is old, and immediately after a failure', async () => {
  let now = 0;
  let count = 0;
  let fails = false;
  const ask = remembering(
    async () => {
      count += 1;
      if (fails) throw new Error('away');
      return count;
    },
    10,
    () => now,
  );
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  now = 9;
  expect(await ask()).toBe(1);
  now = 10;
  expect(await ask()).toBe(2);
  now = 20;
  fails = true;
  await expect(ask()).rejects.toThrow('away');
  fails = false;
  expect(await ask()).toBe(4);
});
