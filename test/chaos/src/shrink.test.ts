import { expect, test } from 'vitest';
import { fewest } from './shrink.ts';

test.each([[[3]], [[1, 8]], [[2, 5, 9]], [[]]])(
  'of ten faults the fewest that still fail are found: %j',
  async (needed) => {
    const all = Array.from({ length: 10 }, (_, index) => index);
    expect(await fewest(all, async (some) => needed.every((one) => some.includes(one)))).toEqual(needed);
  },
);
