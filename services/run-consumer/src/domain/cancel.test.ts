import { threadIdOfStatelessRun } from '@runlane/contracts';
import { describe, expect, test } from 'vitest';
import type { KnownRun } from './admission.ts';
import { judgeCancel, threadOfCancel } from './cancel.ts';
import { busyLane, cancelAt, idleLane, requestAt, storedRun } from './factories.fixture.ts';

const RUN = 'aaaaaaaa-0000-4000-8000-000000000001';
const known: KnownRun = {
  runId: RUN,
  threadId: 't1',
  fingerprint: '',
  source: requestAt(1).coordinates,
  isFinished: false,
};

describe('a cancel of one run', () => {
  const cancel = cancelAt(2, { thread_id: 't1', run_id: RUN });

  test.each([
    ['in flight', known, { kind: 'cancel_run', runId: RUN }],
    ['that has ended', { ...known, isFinished: true }, { kind: 'nothing' }],
    ['that nobody knows', null, { kind: 'unknown_run' }],
    ['of another thread', { ...known, threadId: 't2' }, { kind: 'unknown_run' }],
    ['that stands behind it in the log', { ...known, source: requestAt(3).coordinates }, { kind: 'unknown_run' }],
  ] as const)('%s', (_name, run, verdict) => {
    expect(judgeCancel(cancel, run, busyLane([RUN]))).toMatchObject(verdict);
  });

  test('without a thread means a stateless run, and the message says so for another run', () => {
    const stateless = cancelAt(2, { run_id: RUN });
    const thread = threadIdOfStatelessRun(RUN);
    expect(threadOfCancel(stateless.request)).toBe(thread);
    expect(judgeCancel(stateless, { ...known, threadId: thread }, idleLane(thread)).kind).toBe('cancel_run');
    expect(judgeCancel(stateless, known, idleLane(thread))).toMatchObject({
      kind: 'unknown_run',
      message: expect.stringContaining('Send its thread_id') as unknown,
    });
  });
});

describe('a cancel of all runs', () => {
  const cancel = cancelAt(2, { thread_id: 't1' });

  test.each(['running', 'pending', 'scheduled'] as const)('finds a %s one', (state) => {
    expect(judgeCancel(cancel, null, busyLane([RUN], [state]))).toEqual({ kind: 'cancel_all' });
  });

  test('on an idle or missing thread does nothing', () => {
    expect(judgeCancel(cancel, null, idleLane())).toEqual({ kind: 'nothing' });
    expect(judgeCancel(cancel, null, { ...idleLane(), exists: false })).toEqual({ kind: 'nothing' });
  });

  test('spares runs after it in its partition, and no others', () => {
    const at = (source: Partial<KnownRun['source']>) => ({
      ...idleLane(),
      inFlight: [{ ...storedRun(RUN), source: { ...cancel.coordinates, offset: 3n, ...source } }],
    });
    expect(judgeCancel(cancel, null, at({}))).toEqual({ kind: 'nothing' });
    expect(judgeCancel(cancel, null, at({ partition: 1 }))).toEqual({ kind: 'cancel_all' });
    expect(judgeCancel(cancel, null, at({ topic: 'other' }))).toEqual({ kind: 'cancel_all' });
  });
});
