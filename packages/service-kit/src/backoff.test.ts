import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { ShuttingDown } from './abort-reasons.ts';
import { backoff, retrying } from './backoff.ts';

const bounds = { baseMs: 100, maxMs: 5_000 };
const neverAborted = new AbortController().signal;

test.each([
  { attempt: 1, least: 50, most: 100 },
  { attempt: 2, least: 100, most: 200 },
  { attempt: 3, least: 200, most: 400 },
  { attempt: 7, least: 2_500, most: 5_000 },
  { attempt: 2_000, least: 2_500, most: 5_000 },
])('after $attempt tries the delay lies between $least and $most ms', ({ attempt, least, most }) => {
  expect(backoff(attempt, bounds, 0)).toBe(least);
  expect(backoff(attempt, bounds, 0.5)).toBe((least + most) / 2);
  expect(backoff(attempt, bounds, 1)).toBe(most);
});

test('retries a retryable failure until it succeeds, reports each failure, and waits as the backoff says', async () => {
  const told: unknown[] = [];
  const waited: number[] = [];
  const result = await retrying(
    async (attempt) => {
      if (attempt < 4) throw new Error(`failure ${attempt}`);
      return `success ${attempt}`;
    },
    {
      signal: neverAborted,
      isRetryable: () => true,
      backoff: (attempt) => attempt * 10,
      onRetry: ({ error, attempt, delayMs }) => told.push([(error as Error).message, attempt, delayMs]),
      delay: async (ms) => void waited.push(ms),
    },
  );
  expect(result).toBe('success 4');
  expect(waited).toEqual([10, 20, 30]);
  expect(told).toEqual([
    ['failure 1', 1, 10],
    ['failure 2', 2, 20],
    ['failure 3', 3, 30],
  ]);
});

test('throws another failure immediately', async () => {
  let tries = 0;
  const failing = retrying(
    async () => {
      tries += 1;
      throw new Error('wrong password');
    },
    { signal: neverAborted, isRetryable: (error) => (error as Error).message !== 'wrong password' },
  );
  await expect(failing).rejects.toThrow('wrong password');
  expect(tries).toBe(1);
});

test('an abort during the wait throws its reason and leaves no listener behind', async () => {
  const controller = new AbortController();
  const failing = retrying(async () => Promise.reject(new Error('not there yet')), {
    signal: controller.signal,
    isRetryable: () => true,
    backoff: () => 60_000,
    onRetry: () => queueMicrotask(() => controller.abort(new ShuttingDown('test'))),
  });
  await expect(failing).rejects.toBeInstanceOf(ShuttingDown);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

test('an aborted signal prevents the first try, and outranks a failure that it caused', async () => {
  const controller = new AbortController();
  let tries = 0;
  const options = { signal: controller.signal, isRetryable: () => false };
  const interrupted = retrying(async () => {
    tries += 1;
    controller.abort(new ShuttingDown('test'));
    throw new Error('the socket was closed');
  }, options);
  await expect(interrupted).rejects.toBeInstanceOf(ShuttingDown);
  await expect(retrying(async () => (tries += 1), options)).rejects.toBeInstanceOf(ShuttingDown);
  expect(tries).toBe(1);
});
