import { expect, test } from 'vitest';
import { Cancelled, LeaseLost, RunTimedOut, ShuttingDown, Superseded, isAbortReason } from './abort-reasons.ts';

test('every reason is recognised, says what happened, and tells its kind to an exhaustive switch', () => {
  const reasons = [
    new ShuttingDown('SIGTERM'),
    new LeaseLost('run 1'),
    new RunTimedOut(90_000),
    new Superseded({ by: 'run-2', how: 'rollback' }),
    new Cancelled({ how: 'interrupt' }),
  ];
  for (const reason of reasons) expect(isAbortReason(reason)).toBe(true);
  expect(reasons.map(({ kind }) => kind)).toEqual([
    'shutting_down',
    'lease_lost',
    'run_timed_out',
    'superseded',
    'cancelled',
  ]);
  expect(reasons.map(({ message }) => message)).toEqual([
    'The process is shutting down (SIGTERM).',
    'The lease of run 1 was lost; somebody else may own it now.',
    'The run exceeded its time limit of 90 s.',
    'The run was superseded by run run-2 (rollback).',
    'The run was cancelled (interrupt).',
  ]);
});

test('a reason survives the trip through a signal; a plain abort is none', () => {
  const controller = new AbortController();
  controller.abort(new LeaseLost());
  expect(isAbortReason(controller.signal.reason)).toBe(true);
  expect(isAbortReason(AbortSignal.abort().reason)).toBe(false);
  expect(isAbortReason(new Error('x'))).toBe(false);
  expect(isAbortReason({ kind: 'lease_lost' })).toBe(false);
});
