import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AbortReason, ShuttingDown, isAbort } from './abort-reasons.ts';

test('a reason is recognised after its trip through a signal, and says what happened', () => {
  const controller = new AbortController();
  controller.abort(new ShuttingDown('SIGTERM'));
  expect(isAbort(controller.signal.reason)).toBe(true);
  expect(String(controller.signal.reason)).toBe('ShuttingDown: The process is shutting down (SIGTERM).');
});

test('a reason of a service is one, and so is what Node makes of an abort', async () => {
  class LeaseLost extends AbortReason {}
  expect(isAbort(new LeaseLost())).toBe(true);
  expect(isAbort(AbortSignal.abort().reason)).toBe(true);
  expect(isAbort(await sleep(60_000, null, { signal: AbortSignal.abort() }).catch((error: unknown) => error))).toBe(
    true,
  );
});

test('a failure is none', () => {
  expect(isAbort(new Error('x'))).toBe(false);
  expect(isAbort({ name: 'AbortError' })).toBe(false);
});
