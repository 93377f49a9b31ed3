import { OverrunError, RetryableError } from './errors.ts';
import { expect, test } from 'vitest';
import { BatchLimit } from './batch-limit.ts';

test('a batch that is too heavy is halved, down to one, and grows again after a success', async () => {
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

test('everything is done in parts, and an abort begins no further part', async () => {
  const counts = [10, 10, 3];
  const limit = new BatchLimit(10);
  const going = new AbortController();
  expect(await limit.all(() => Promise.resolve(counts.shift() ?? 0), going.signal)).toBe(23);

  const stopping = new AbortController();
  const asked: number[] = [];
  const stopped = limit.all((count) => {
    asked.push(count);
    stopping.abort();
    return Promise.resolve(count);
  }, stopping.signal);
  expect([await stopped, asked]).toEqual([10, [10]]);
});
