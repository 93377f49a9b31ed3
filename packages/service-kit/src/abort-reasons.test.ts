import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AbortReason, ShuttingDown, isAbort } from './abort-reasons.ts';

test('a reason is recognised after it went through a signal, and says what happened', () => {
  const controller = new AbortController();
  controller.abort(new ShuttingDown('SIGTERM'));
  expect(isAbort(controller.signal.reason)).toBe(true);
  expect(String(controller.signal.reason)).toBe('ShuttingDown: The process is shutting down (SIGTERM).');
});

test('reasons of services and the error of Node for an abort are abort reasons', async () => {
  class LeaseLost extends AbortReason {}
  expect(isAbort(new LeaseLost())).toBe(true);
  expect(isAbort(AbortSignal.abort().reason)).toBe(true);
  expect(isAbort(await sleep(60_000, null, { signal: AbortSignal.abort() }).catch((error: unknown) => error))).toBe(
    true,
  );
});

test('a failure is no abort reason', () => {
  expect(isAbort(new Error('x'))).toBe(false);
  expect(isAbort({ name: 'AbortError' })).toBe(false);
});
