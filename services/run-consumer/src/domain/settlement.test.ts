import { describe, expect, test } from 'vitest';
import type { HeadState, Outcome, Stop } from './run.ts';
import { MAX_ATTEMPTS } from './run.ts';
import { interruptedWithoutHead, rescueOf, settlementOf } from './settlement.ts';

const head: HeadState = {
  checkpointId: 'c1',
  next: ['ask'],
  interrupts: [{ id: 'i1', value: 'sure?' }],
  values: { answer: 42 },
};
const error = { error: 'RangeError', message: 'too far' };
const LIMIT = 1_000;

const endings: [string, Outcome, object][] = [
  [
    'succeeded',
    { kind: 'succeeded', head, nothingToContinue: false },
    { status: 'success', type: 'run.succeeded', reason: null, threadStatus: 'idle' },
  ],
  [
    'nothing to continue',
    { kind: 'succeeded', head, nothingToContinue: true },
    { status: 'success', type: 'run.succeeded', reason: 'nothing_to_continue', threadStatus: 'idle' },
  ],
  [
    'paused',
    { kind: 'paused', head },
    { status: 'success', type: 'run.paused', reason: null, threadStatus: 'interrupted' },
  ],
  [
    'failed',
    { kind: 'failed', reason: 'graph_error', error, head },
    { status: 'error', type: 'run.failed', reason: 'graph_error', threadStatus: 'error' },
  ],
  [
    'timed out',
    { kind: 'timed_out', limitSeconds: 5 },
    { status: 'timeout', type: 'run.timed_out', reason: null, threadStatus: 'error' },
  ],
];

test.each(endings)('an attempt that %s has that end in the ledger', (_name, outcome, expected) => {
  expect(settlementOf(outcome, 1, LIMIT)).toMatchObject({ kind: 'end', ...expected });
});

test('the event of a paused run says where it stopped and what it asks', () => {
  expect(settlementOf({ kind: 'paused', head }, 1, LIMIT)).toHaveProperty('details', {
    checkpoint_id: 'c1',
    next: ['ask'],
    interrupts: [{ id: 'i1', value: 'sure?' }],
    values: { answer: 42 },
  });
});

test('however an attempt ends, its event has the usage of its models and the questions that it abandons', () => {
  const counts = { calls: 1, input_tokens: 2, output_tokens: 3, cached_tokens: 0, reasoning_tokens: 0 };
  const usage = [{ model: 'm', ...counts, attempt: counts }];
  for (const [, outcome] of endings) {
    const told = settlementOf({ ...outcome, report: { usage, abandonedInterrupts: ['i0'] } }, 1, LIMIT);
    expect(told).toMatchObject({ details: { usage, abandoned_interrupts: ['i0'] } });
    const nothing = settlementOf({ ...outcome, report: { usage: null, abandonedInterrupts: [] } }, 1, LIMIT);
    expect(nothing).toEqual(settlementOf(outcome, 1, LIMIT));
  }
});

test('a run that the status of its thread kept from starting leaves the thread as it was', () => {
  const refused: Outcome = { kind: 'failed', reason: 'thread_status', error, head: null };
  expect(settlementOf(refused, 1, LIMIT)).toMatchObject({
    type: 'run.failed',
    reason: 'thread_status',
    threadStatus: null,
  });
});

describe('values and interrupts', () => {
  const big = 'ä'.repeat(LIMIT / 2);

  test('stay up to the limit in bytes, quotes included', () => {
    const values = big.slice(1);
    expect(settlementOf({ kind: 'paused', head: { ...head, values } }, 1, LIMIT)).toHaveProperty(
      'details.values',
      values,
    );
  });

  test('above it are left out, each field by itself', () => {
    const tooBig = settlementOf({ kind: 'paused', head: { ...head, values: big } }, 1, LIMIT);
    expect(tooBig).toHaveProperty('details.values_omitted', true);
    expect(tooBig).not.toHaveProperty('details.values');
    expect(tooBig).toHaveProperty('details.interrupts');
    const asksMuch = { ...head, interrupts: [{ id: 'i1', value: big }] };
    expect(settlementOf({ kind: 'paused', head: asksMuch }, 1, LIMIT)).toHaveProperty(
      'details.interrupts_omitted',
      true,
    );
  });
});

test('a value that JSON could not express is marked where it is, and only there', () => {
  const lossy: HeadState = { ...head, areValuesLossy: true, areInterruptsLossy: true };
  expect(settlementOf({ kind: 'paused', head: lossy }, 1, LIMIT)).toMatchObject({
    details: { values_lossy: true, interrupts_lossy: true },
  });
  const omitted = settlementOf({ kind: 'paused', head: { ...lossy, values: 'x'.repeat(LIMIT) } }, 1, LIMIT);
  expect(omitted).not.toHaveProperty('details.values_lossy');
});

describe('a run that is handed back', () => {
  const handedBack = (spendsAttempt: boolean): Outcome => ({
    kind: 'handed_back',
    spendsAttempt,
    isolate: false,
    error,
  });

  test('goes back to pending', () => {
    expect(settlementOf(handedBack(true), 1, LIMIT)).toEqual({ kind: 'requeue', spendsAttempt: true, isolate: false });
  });

  test('by a stopping executor never runs out of attempts', () => {
    expect(settlementOf(handedBack(false), MAX_ATTEMPTS, LIMIT)).toMatchObject({
      kind: 'requeue',
      spendsAttempt: false,
    });
  });

  test('after its last attempt has failed', () => {
    expect(settlementOf(handedBack(true), MAX_ATTEMPTS, LIMIT)).toMatchObject({
      kind: 'end',
      type: 'run.failed',
      reason: 'attempts_exhausted',
      threadStatus: 'error',
    });
  });
});

test('a stranded run gets its number of attempts, and no more', () => {
  expect(rescueOf(1)).toEqual({ kind: 'requeue', spendsAttempt: true, isolate: false });
  expect(rescueOf(MAX_ATTEMPTS - 1)).toEqual({ kind: 'requeue', spendsAttempt: true, isolate: true });
  expect(rescueOf(MAX_ATTEMPTS)).toMatchObject({ kind: 'end', reason: 'attempts_exhausted' });
});

test('a lost run is not settled', () => {
  expect(settlementOf({ kind: 'lease_lost' }, 1, LIMIT)).toEqual({ kind: 'nothing' });
});

describe('a run that was asked to stop', () => {
  const superseded: Stop = { action: 'interrupt', reason: 'superseded', supersededBy: 'later' };
  const cancelled: Stop = { action: 'interrupt', reason: 'cancelled', supersededBy: null };

  test.each([
    [['ask'], 'interrupted'],
    [[], 'idle'],
  ])('leaves the state at which it has stopped: with next %j the thread is %s', (next, threadStatus) => {
    expect(settlementOf({ kind: 'interrupted', stop: superseded, head: { ...head, next } }, 1, LIMIT)).toEqual({
      kind: 'end',
      status: 'interrupted',
      type: 'run.interrupted',
      reason: 'superseded',
      threadStatus,
      isLost: false,
      details: {
        reason: 'superseded',
        superseded_by: 'later',
        checkpoint_id: 'c1',
        next,
        interrupts: [{ id: 'i1', value: 'sure?' }],
        values: { answer: 42 },
      },
    });
  });

  test('and reports no state leaves the thread as it was', () => {
    expect(settlementOf({ kind: 'interrupted', stop: cancelled, head: null }, 1, LIMIT)).toMatchObject({
      threadStatus: null,
      details: { reason: 'cancelled' },
    });
    expect(interruptedWithoutHead(cancelled, null)).toMatchObject({
      threadStatus: null,
      details: { reason: 'cancelled' },
    });
  });

  test('and whose attempt was lost can be continued from the checkpoint that it wrote', () => {
    expect(interruptedWithoutHead(superseded, 'c7')).toMatchObject({
      status: 'interrupted',
      threadStatus: 'interrupted',
      details: { reason: 'superseded', superseded_by: 'later', checkpoint_id: 'c7' },
    });
  });

  test('counts as stopped and not as failed when its last attempt was lost, and only then', () => {
    expect(rescueOf(MAX_ATTEMPTS)).toHaveProperty('isLost', true);
    const failed: Outcome = { kind: 'failed', reason: 'graph_error', error, head };
    expect(settlementOf(failed, MAX_ATTEMPTS, LIMIT)).toHaveProperty('isLost', false);
  });
});
