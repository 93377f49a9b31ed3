import { expect, test } from 'vitest';
import { goOnText, lookThrough } from './look-through.ts';

/** Numbers from `first` downwards; finds those that `fits` takes, `size` rows at a look. */
function rowsFrom(first: number, size: number, fits: (row: number) => boolean) {
  let looks = 0;
  const look = (after: number | null, limit: number) => {
    looks += 1;
    const begin = after === null ? first : after - 1;
    const looked = Array.from({ length: Math.min(size, begin) }, (_, index) => begin - index);
    const rows = looked.filter(fits).slice(0, limit);
    const through = rows.length === limit ? rows.at(-1) : looked.at(-1);
    return Promise.resolve({ rows, next: through === undefined || through === 1 ? null : through });
  };
  return { look, looks: () => looks };
}

test('a list looks on until it is full or nothing is left', async () => {
  const rows = rowsFrom(100, 10, (row) => row % 20 === 0);
  expect(await lookThrough(null, 2, rows.look)).toEqual({ rows: [100, 80], next: 80 });
  expect(rows.looks()).toBe(3);
  const rest = await lookThrough(80, 50, rows.look);
  expect(rest).toEqual({ rows: [60, 40, 20], next: null });
  expect(goOnText(rest, 50, '--before 20')).toBeNull();
});

test('what is too rare ends a list, which says where to continue', async () => {
  const rows = rowsFrom(1_000, 10, () => false);
  const found = await lookThrough(null, 5, rows.look);
  expect(found).toEqual({ rows: [], next: 801 });
  expect(rows.looks()).toBe(20);
  expect(goOnText(found, 5, '--before 801')).toBe(
    '100,000 were looked at, and there are more; continue with --before 801',
  );
});
