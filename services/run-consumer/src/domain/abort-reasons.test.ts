import { isAbort } from '@runlane/service-kit';
import { expect, test } from 'vitest';
import { Cancelled, LeaseLost, RunTimedOut, Superseded } from './abort-reasons.ts';

test.for([
  [new LeaseLost('run 1'), 'LeaseLost: The lease of run 1 was lost; somebody else may own it now.'],
  [new RunTimedOut(90_000), 'RunTimedOut: The run exceeded its time limit of 90 s.'],
  [new Superseded({ by: 'run-2', action: 'rollback' }), 'Superseded: The run was superseded by run run-2 (rollback).'],
  [new Cancelled({ action: 'interrupt' }), 'Cancelled: The run was cancelled (interrupt).'],
] as const)('%s is no failure, and says what happened', ([reason, text]) => {
  expect(isAbort(reason)).toBe(true);
  expect(String(reason)).toBe(text);
});
