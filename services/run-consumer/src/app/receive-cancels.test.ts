/**
 * Real: the use case and the verdicts. Doubled: the ledger, which commits and rolls back, and decoding.
 * Decides: which hints cancels give, and what is reported.
 */
import { describe, expect, test } from 'vitest';
import { busyLane, idleLane } from '../domain/factories.fixture.ts';
import { admission, cancel, request, runIdAt, unreadable } from './received-batch.fixture.ts';

describe('cancels', () => {
  const asked = { action: 'interrupt', reason: 'cancelled', endedCount: 0, askedCount: 1 } as const;

  test('lock their threads like requests, and lock the ready runs of threads whose runs may end', async () => {
    const { receive, ledger } = admission({
      readings: [
        request(0),
        cancel(1, { thread_id: 't2' }),
        request(2, { thread_id: 't3', multitask_strategy: 'rollback' }),
        request(3, { thread_id: 't4', multitask_strategy: 'reject' }),
      ],
    });
    await receive();
    expect(ledger.steps[1]).toBe('lock t1,t2,t3,t4');
    expect(ledger.cancelling).toEqual([
      {
        threadIds: ['t2', 't3'],
        singleCount: 0,
        wholeLanes: { threadIds: ['t2', 't3'], cancelledThreadIds: ['t2'], endedAtOnce: 1_000 },
      },
    ]);
  });

  test('of a run that does not exist become dead letters in the transaction that moves the position', async () => {
    const { receive, ledger, deadLetters } = admission({
      readings: [unreadable(0), cancel(1, { run_id: runIdAt(9), thread_id: 't1' }), unreadable(2)],
    });
    await receive();
    expect(deadLetters.map(({ offset, reason }) => [offset, reason.code])).toEqual([
      [0n, 'undecodable'],
      [1n, 'unknown_run'],
      [2n, 'undecodable'],
    ]);
    expect(ledger.steps.slice(-3)).toEqual(['position 2', 'keep 0,1,2', 'commit']);
  });

  test('of running runs give their executors a hint before anything else', async () => {
    const { receive, hints, reports } = admission({
      readings: [cancel(0, { thread_id: 't1' })],
      lanes: [busyLane([runIdAt(9)])],
      written: { cancelled: [asked], readyCount: 0, markedLaneCount: 0 },
    });
    await receive();
    expect(hints.given).toEqual(['stops_requested']);
    expect(reports).toMatchObject([{ cancelled: [asked], admittedCount: 0 }]);
  });

  test('of waiting runs give hints to the relay, to executors when another run became ready, and to the sweep when runs are marked', async () => {
    const { receive, hints } = admission({
      readings: [cancel(0, { thread_id: 't1', run_id: runIdAt(9) })],
      lanes: [busyLane([runIdAt(9), runIdAt(8)])],
      written: { cancelled: [{ ...asked, endedCount: 1, askedCount: 0 }], readyCount: 1, markedLaneCount: 1 },
    });
    await receive();
    expect(hints.given).toEqual(['lanes_marked', 'runs_ready', 'events_stored', 'dead_letters_stored']);
  });

  test('of a stateless run are no stray records, because without a key they may be on any partition', async () => {
    const run = request(9, { thread_id: null, run_id: runIdAt(9) });
    const thread = 'threadId' in run.content ? run.content.threadId : '';
    const { receive, reports } = admission({
      readings: [cancel(0, { run_id: runIdAt(9) })],
      lanes: [{ ...idleLane(thread), firstPartition: 3 }],
    });
    await receive();
    expect(reports).toMatchObject([{ strayThreads: [] }]);
  });
});
