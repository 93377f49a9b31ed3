/** How a service ends that was not asked to. Real and doubled as in lifecycle.test.ts. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { AbortReason, ShuttingDown } from '../abort-reasons.ts';
import { never, setup, startTwoResources } from './lifecycle.fixture.ts';
import type { RunningService } from './lifecycle.ts';

test.each([
  ['a part that rejects', async () => ({ failed: [never, Promise.reject(new Error('lost the broker'))] })],
  ['a part that ends by itself', async () => ({ failed: [never, Promise.resolve() as Promise<never>] })],
] satisfies [string, () => Promise<RunningService>][])(
  '%s takes the service down without a drain, with exit code 1',
  async (_what, parts) => {
    const { happened, exitCode, names } = setup(async (scope, _signal, what) => {
      scope.defer('pool', () => what.push('pool released'));
      return { ...(await parts()), drain: async () => void what.push('drained') };
    });
    expect(await exitCode).toBe(1);
    expect(happened).toEqual(['signal aborted', 'pool released']);
    expect(names()).toEqual(['service.crashed', 'scope.released', 'service.stopped']);
  },
);

test.each(['uncaughtException', 'unhandledRejection'])('%s takes the service down with exit code 1', async (name) => {
  const { process, happened, started, exitCode, logged } = setup(startTwoResources);
  await started;
  process.emit(name, new Error('a bug'));
  expect(await exitCode).toBe(1);
  expect(happened).toEqual(['signal aborted', 'consumer released', 'pool released']);
  expect(logged()[0]).toMatchObject({ msg: 'service.crashed', part: name, err: { message: 'a bug' } });
});

test('a start that fails releases what it has acquired, and the exit code is 1', async () => {
  const { happened, exitCode, logged } = setup(async (scope, _signal, what) => {
    scope.defer('pool', () => what.push('pool released'));
    throw new Error('no such topic');
  });
  expect(await exitCode).toBe(1);
  expect(happened).toEqual(['signal aborted', 'pool released']);
  expect(logged()[0]).toMatchObject({ msg: 'service.crashed', part: 'start', err: { message: 'no such topic' } });
});

test('a crash during the drain ends it, and the exit code is 1', async () => {
  const { process, happened, started, exitCode } = setup(async (scope, _signal, what) => {
    scope.defer('pool', () => what.push('pool released'));
    return {
      failed: [],
      drain: () => {
        process.emit('uncaughtException', new Error('a bug'));
        return never;
      },
    };
  });
  await started;
  process.emit('SIGTERM');
  expect(await exitCode).toBe(1);
  expect(happened).toEqual(['signal aborted', 'pool released']);
});

test('parts, waits and rejections with the reason of the stop signal are no crash; others are', async () => {
  const stopWith = async (error: unknown): Promise<number> => {
    const { process, started, exitCode } = setup(async (_scope, signal) => {
      const part = once(signal, 'abort').then(() => Promise.reject(error));
      return { failed: [part as Promise<never>], drain: () => part.catch(() => undefined) };
    });
    await started;
    process.emit('SIGTERM');
    return exitCode;
  };
  expect(await stopWith(new ShuttingDown('SIGTERM'))).toBe(0);
  expect(await stopWith(new DOMException('aborted', 'AbortError'))).toBe(0);
  expect(await stopWith(new Error('lost the broker'))).toBe(1);
});

test('an abort reason without a stop is a crash like any other', async () => {
  const { exitCode } = setup(async () => ({ failed: [Promise.reject(new AbortReason('the lease was lost'))] }));
  expect(await exitCode).toBe(1);
});
