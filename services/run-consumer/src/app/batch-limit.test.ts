import { OverrunError, RetryableError } from '@runlane/service-kit';
import { expect, test } from 'vitest';
import { BatchLimit } from './batch-limit.ts';

test('what is too heavy together is asked for by halves, down to one, and by more again once it goes', async () => {
  const limit = new BatchLimit(5);
  const asked: number[] = [];
  const ask = (failure?: Error) =>
    limit
      .ask((count) => {
        asked.push(count);
        return failure === undefined ? Promise.resolve(count) : Promise.reject(failure);
      })
      .catch((error: unknown) => error);
  const overrun = new OverrunError('took too long');
  for (const failure of [overrun, overrun, overrun]) expect(await ask(failure)).toBe(failure);
  const away = new RetryableError('away');
  expect(await ask(away)).toBe(away);
  for (const count of [1, 2, 4, 5]) expect(await ask()).toBe(count);
  expect(asked).toEqual([5, 2, 1, 1, 1, 2, 4, 5]);
});
