import { expect, test } from 'vitest';
import { ByteBudget } from './byte-budget.ts';

test('work begins in order, as far as the budget goes, and also if it is larger than the whole budget', async () => {
  const budget = new ByteBudget(10);
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const works = [6, 4, 50, 1].map((bytes) => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return budget.within(bytes, async () => {
      begun.push(bytes);
      await end.promise;
    });
  });
  works[1]?.catch(() => undefined); // awaited below
  const settled = async (): Promise<number[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return begun;
  };
  expect(await settled()).toEqual([6, 4]);
  ends[0]?.resolve();
  expect(await settled()).toEqual([6, 4]);
  ends[1]?.reject(new Error('It fails.'));
  await expect(works[1]).rejects.toThrow('It fails.');
  expect(await settled()).toEqual([6, 4, 50]);
  ends[2]?.resolve();
  expect(await settled()).toEqual([6, 4, 50, 1]);
  ends[3]?.resolve();
  await Promise.all([works[0], works[2], works[3]]);
});
