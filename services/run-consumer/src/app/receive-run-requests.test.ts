/**
 * Real: the use case and the verdicts. Doubled: the ledger, which commits and rolls back, and decoding.
 * Decides: what was committed, what became a dead letter, and in which order.
 */
import { PoisonError } from '@runlane/kafka';
import { FatalError, RetryableError } from '@runlane/service-kit';
import { describe, expect, test } from 'vitest';
import { idleLane } from '../domain/factories.fixture.ts';
import { admission, refuseRunAt, request, runIdAt, unreadable } from './received-batch.fixture.ts';

const AWAY = new RetryableError('away');

describe('a batch', () => {
  test('is one transaction, after which executors and the relay get a hint', async () => {
    const { receive, ledger, hints, reports } = admission({
      readings: [request(0), request(1, { thread_id: 't2' }), request(2)],
    });
    await receive();
    expect(ledger.steps).toEqual(['begin', 'lock t1,t2,t1', 'write 3 runs', 'position 2', 'commit']);
    expect(ledger.committedRuns).toEqual([0, 1, 2].map(runIdAt));
    expect(hints.given).toEqual(['runs_ready', 'events_stored']);
    expect(reports).toEqual([
      {
        at: { topic: 'requests', partition: 0 },
        admittedCount: 3,
        rejected: [],
        repeatCount: 0,
        cancelled: [],
        readyCount: 0,
        markedLaneCount: 0,
        skippedCount: 0,
        lostCount: 0,
        deadLetters: [],
        strayThreads: [],
      },
    ]);
  });

  test('that was read before changes nothing, and nobody gets a hint', async () => {
    const { receive, ledger, hints, reports } = admission({ readings: [request(0), request(1)] });
    await receive();
    hints.given.length = 0;
    await receive();
    expect(ledger.steps.slice(-3)).toEqual(['begin', 'write 0 runs', 'commit']);
    expect(ledger.committedRuns).toHaveLength(2);
    expect(hints.given).toEqual([]);
    expect(reports.at(-1)).toMatchObject({ admittedCount: 0, skippedCount: 2 });
  });

  test('that was read in part is taken in from the position', async () => {
    const { receive, ledger } = admission({
      readings: [request(4), request(5), request(6)],
      position: { offset: 5n, timestampMs: 1_005 },
    });
    await receive();
    expect(ledger.committedRuns).toEqual([runIdAt(6)]);
  });

  test('of refusals gives a hint to the relay only', async () => {
    const { receive, hints, reports } = admission({ readings: [request(0, { assistant_id: 'nobody' })] });
    await receive();
    expect(hints.given).toEqual(['events_stored']);
    expect(reports).toMatchObject([{ admittedCount: 0, rejected: [{ reason: 'unknown_assistant' }] }]);
  });

  test('reports threads whose requests came from another partition before', async () => {
    const { receive, reports } = admission({
      readings: [request(0), request(1, { thread_id: 't2' })],
      lanes: [idleLane('t1'), { ...idleLane('t2'), firstPartition: 3 }],
    });
    await receive();
    expect(reports).toMatchObject([{ strayThreads: ['t2'] }]);
  });
});

describe('a dead letter', () => {
  test('is stored in the transaction that moves the position past it', async () => {
    const { receive, ledger, deadLetters } = admission({ readings: [request(0), unreadable(1), request(2)] });
    await receive();
    expect(ledger.steps.slice(-4)).toEqual(['write 2 runs', 'position 2', 'keep 1', 'commit']);
    expect(deadLetters).toMatchObject([{ offset: 1n, reason: { code: 'undecodable' }, attempts: 1 }]);
  });

  test('that cannot be stored holds its batch back: nothing is committed, and the batch is read again', async () => {
    let isAway = true;
    const { receive, ledger, hints, reports } = admission({
      readings: [request(0), unreadable(1)],
      onKeep: () => {
        if (isAway) throw AWAY;
      },
    });
    await expect(receive()).rejects.toBe(AWAY);
    expect([ledger.steps.at(-1), ledger.committedRuns, hints.given, reports]).toEqual(['rollback', [], [], []]);

    isAway = false;
    await receive();

    expect(ledger.committedRuns).toEqual([runIdAt(0)]);
    expect(hints.given).toContain('dead_letters_stored');
    expect(reports).toMatchObject([{ admittedCount: 1, deadLetters: [{ code: 'undecodable' }] }]);
  });

  test('is not stored again when its batch is read again after the commit', async () => {
    const { receive, ledger } = admission({ readings: [unreadable(0)] });
    await receive();
    await receive();
    expect(ledger.steps.filter((step) => step.startsWith('keep'))).toEqual(['keep 0']);
  });

  test('is not stored when a statement before it fails', async () => {
    const { receive, ledger } = admission({ readings: [request(0), unreadable(1)], onWrite: refuseRunAt(0, AWAY) });
    await expect(receive()).rejects.toBe(AWAY);
    expect(ledger.steps.filter((step) => step.startsWith('keep'))).toEqual([]);
  });
});

describe('a record that fails for a reason of its own', () => {
  const BUG = new TypeError('it was a bug');
  const POISON = new PoisonError('no record like this', { code: 'unstorable_json' });

  test('is tried three times alone and then becomes a dead letter, and the others are admitted', async () => {
    const { receive, ledger, deadLetters, messages } = admission({
      readings: [request(0), request(1), request(2, { thread_id: 't2' })],
      onWrite: refuseRunAt(1, BUG),
    });
    await receive();
    expect(ledger.committedRuns).toEqual([runIdAt(0), runIdAt(2)]);
    expect(deadLetters).toEqual([
      {
        offset: 1n,
        attempts: 3,
        reason: { code: 'processing_failed', message: 'The record failed 3 times: it was a bug' },
      },
    ]);
    expect(ledger.steps.filter((step) => step === 'rollback')).toHaveLength(4);
    expect(ledger.steps.filter((step) => step.startsWith('position'))).toEqual([
      'position 0',
      'position 1',
      'position 2',
    ]);
    expect(messages()).toEqual(['admission.batch_failed', 'admission.record_failed']);
  });

  test('and then succeeds is admitted', async () => {
    let failures = 3;
    const { receive, ledger, deadLetters } = admission({
      readings: [request(0)],
      onCommit: () => {
        if (failures-- > 0) throw BUG;
      },
    });
    await receive();
    expect([ledger.committedRuns, deadLetters]).toEqual([[runIdAt(0)], []]);
  });

  test('and then meets an outage: records before it stay admitted, and the rest is read again', async () => {
    let isAway = true;
    const { receive, ledger, deadLetters } = admission({
      readings: [request(0), request(1), request(2)],
      onWrite: (plan) => {
        if (plan.runs.length > 1) throw BUG;
        if (isAway) refuseRunAt(1, AWAY)(plan);
      },
    });
    await expect(receive()).rejects.toBe(AWAY);
    expect(ledger.committedRuns).toEqual([runIdAt(0)]);

    isAway = false;
    await receive();

    expect([ledger.committedRuns, deadLetters]).toEqual([[0, 1, 2].map(runIdAt), []]);
  });

  test('waits as well when its dead letter cannot be stored', async () => {
    const { receive, ledger } = admission({
      readings: [request(0)],
      onWrite: refuseRunAt(0, POISON),
      onKeep: () => {
        throw AWAY;
      },
    });
    await expect(receive()).rejects.toBe(AWAY);
    expect(ledger.steps.at(-1)).toBe('rollback');
  });
});

describe('a failure that the caller handles', () => {
  test('a registry that is away leaves the ledger untouched', async () => {
    const { receive, ledger } = admission({
      readings: [request(0), request(1)],
      read: () => {
        throw AWAY;
      },
    });
    await expect(receive()).rejects.toBe(AWAY);
    expect(ledger.steps).toEqual([]);
  });

  test('a database that is away is reported immediately, and makes no dead letter', async () => {
    const { receive, ledger, deadLetters } = admission({ readings: [request(0)], onWrite: refuseRunAt(0, AWAY) });
    await expect(receive()).rejects.toBe(AWAY);
    expect([ledger.steps, deadLetters]).toEqual([['begin', 'lock t1', 'rollback'], []]);
  });

  test('a position whose record has another timestamp is of another topic, and the error says what to do', async () => {
    const { receive, ledger } = admission({
      readings: [request(4), request(5)],
      position: { offset: 4n, timestampMs: 99 },
    });
    const failure = await receive().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FatalError);
    expect(String(failure)).toContain("delete from runlane.consumer_positions where topic = 'requests'");
    expect(ledger.committedRuns).toEqual([]);
  });

  test('a position behind the end of the partition is of another topic, whose records must not be skipped', async () => {
    const { receive, reports } = admission({
      readings: [request(0), request(1)],
      position: { offset: 4n, timestampMs: 1_004 },
      highWatermark: 2n,
    });
    await expect(receive()).rejects.toBeInstanceOf(FatalError);
    expect(reports).toEqual([]);
  });

  test('a position after the end that a late member knows is the position of its successor', async () => {
    const { receive, reports } = admission({
      readings: [request(0), request(1)],
      position: { offset: 4n, timestampMs: 1_004 },
      highWatermark: 2n,
      endOffset: 5n,
    });
    await receive();
    expect(reports).toMatchObject([{ skippedCount: 2 }]);
  });
});
