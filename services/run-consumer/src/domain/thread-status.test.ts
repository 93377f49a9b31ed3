import { describe, expect, test } from 'vitest';
import { requestAt } from './factories.fixture.ts';
import { mayHaveStoppedHead, turnRefusal } from './thread-status.ts';

const turn = (listed: string[], restingStatus: 'idle' | 'interrupted' | 'error') => ({
  request: requestAt(1, { if_thread_status: listed }).request,
  threadId: 'thread-1',
  restingStatus,
});

describe('at its turn a run', () => {
  test('that does not permit the status of its thread ends, and says which status it found', () => {
    expect(turnRefusal(turn(['idle', 'busy'], 'interrupted'))).toMatchObject({
      kind: 'failed',
      reason: 'thread_status',
      error: { thread_status: 'interrupted', message: expect.stringMatching(/lists only idle, busy/) },
    });
    expect(turnRefusal(turn(['idle', 'busy'], 'idle'))).toBeNull();
  });

  test('goes on when the thread is as the run left it that it has superseded', () => {
    expect(turnRefusal({ ...turn(['idle', 'busy'], 'interrupted'), hasStoppedHead: true })).toBeNull();
  });
});

describe('which run has left the thread as it is', () => {
  const strategies = ['enqueue', 'reject', 'interrupt', 'rollback'] as const;

  test.each(strategies)('matters to a run that would be refused but supersedes: %s', (multitaskStrategy) => {
    const supersedes = multitaskStrategy === 'interrupt' || multitaskStrategy === 'rollback';
    expect(mayHaveStoppedHead({ ...turn(['busy'], 'interrupted'), multitaskStrategy })).toBe(supersedes);
    expect(mayHaveStoppedHead({ ...turn(['interrupted'], 'interrupted'), multitaskStrategy })).toBe(false);
  });
});
