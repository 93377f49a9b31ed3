import { expect, test } from 'vitest';
import { nextPlace } from './letters-place.ts';

const at = (partition: number, ...offsets: number[]) =>
  offsets.map((offset) => ({ partition, offset: BigInt(offset) }));

test('a page continues before the letters that were shown, and skips nothing of a partition that showed none', () => {
  const first = nextPlace(null, [...at(0, 5, 6, 7), ...at(1, 2, 3)], at(0, 6, 7));
  expect(first).toEqual({ '0': '6', '1': '4' });
  const second = nextPlace(first, [...at(0, 4, 5), ...at(1, 2, 3)], [...at(1, 2, 3), ...at(0, 5)]);
  expect(second).toEqual({ '0': '5', '1': '2' });
});

test('a partition without new letters keeps its place', () => {
  expect(nextPlace(null, [], [])).toEqual({});
  expect(nextPlace({ '3': '9' }, [], [])).toEqual({ '3': '9' });
});
