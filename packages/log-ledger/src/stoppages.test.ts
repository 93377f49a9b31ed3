import { PoisonError } from '@runlane/kafka';
import type { InRecord } from '@runlane/kafka';
import { describe, expect, test } from 'vitest';
import { Stoppages, suspectOf, verdictOn } from './stoppages.ts';
import type { FailedRecord, Suspect } from './stoppages.ts';

const ofServer = (code: string) => Object.assign(new Error(`error ${code}`), { code, severity: 'ERROR' });

test.each<[unknown, Suspect]>([
  [new PoisonError('no', { code: 'undecodable' }), 'record'],
  [ofServer('22021'), 'record'],
  [ofServer('54000'), 'record'],
  [ofServer('54001'), 'record'],
  [ofServer('54011'), 'database'],
  [ofServer('54023'), 'database'],
  [ofServer('23505'), 'unknown'],
  [new Error('wrapped', { cause: ofServer('22P02') }), 'record'],
  [ofServer('42501'), 'database'],
  [ofServer('42703'), 'database'],
  [ofServer('23502'), 'database'],
  [ofServer('23514'), 'database'],
  [ofServer('XX002'), 'database'],
  [ofServer('0A000'), 'database'],
  [new TypeError('undefined is not a function'), 'unknown'],
  ['text', 'unknown'],
])('%s is caused by: %s', (error, suspect) => {
  expect(suspectOf(error)).toBe(suspect);
});

const failed = (over: Partial<FailedRecord> = {}): FailedRecord => ({
  attempts: 3,
  sinceMs: 0,
  haveOthersSucceeded: false,
  isLikeLastPutAside: false,
  ...over,
});

test.each<[Suspect, Partial<FailedRecord>, ReturnType<typeof verdictOn>]>([
  ['database', { attempts: 1 }, 'wait'],
  ['database', { attempts: 99, sinceMs: 1e9, haveOthersSucceeded: true }, 'wait'],
  ['record', { attempts: 2 }, 'again'],
  ['record', {}, 'put_aside'],
  ['unknown', { attempts: 2, haveOthersSucceeded: true }, 'again'],
  ['unknown', { haveOthersSucceeded: true }, 'put_aside'],
  ['unknown', { haveOthersSucceeded: true, isLikeLastPutAside: true }, 'put_aside'],
  ['unknown', { sinceMs: 59_999 }, 'wait'],
  ['unknown', { sinceMs: 60_000 }, 'put_aside'],
  ['unknown', { sinceMs: 1e9, isLikeLastPutAside: true }, 'wait'],
])('%s, %o: %s', (suspect, known, verdict) => {
  expect(verdictOn(suspect, failed(known))).toBe(verdict);
});

const record = (offset: number): InRecord => ({
  topic: 't',
  partition: 1,
  offset: BigInt(offset),
  timestampMs: 0,
  key: null,
  value: null,
  headers: new Map(),
});

describe('a bug of ours', () => {
  test('that every record meets puts aside at most one of them, and is reported as a problem until it is fixed', () => {
    let now = 0;
    const stoppages = new Stoppages(() => now);
    const bug = new TypeError('bug');
    const verdicts = (offset: number) =>
      Array.from({ length: 4 }, () => stoppages.failed(record(offset), bug, stoppages.successCount).verdict);
    expect(verdicts(1)).toEqual(['again', 'again', 'wait', 'wait']);
    expect(stoppages.problems).toEqual(['t/1 has stopped: bug']);
    now = 60_000;
    expect(stoppages.failed(record(1), bug, stoppages.successCount)).toEqual({ verdict: 'put_aside', attempts: 5 });
    now = 10_000_000;
    expect(verdicts(2)).toEqual(['again', 'again', 'wait', 'wait']);
    stoppages.succeeded([record(2)]);
    stoppages.succeeded([record(1)]);
    expect(stoppages.problems).toEqual([]);
  });

  test('that one record meets, while others are taken, puts that one aside', () => {
    const stoppages = new Stoppages(() => 0);
    const bug = new TypeError('bug');
    stoppages.failed(record(1), bug, stoppages.successCount);
    stoppages.succeeded([record(7)]);
    stoppages.failed(record(1), bug, stoppages.successCount);
    expect(stoppages.failed(record(1), bug, stoppages.successCount)).toEqual({ verdict: 'put_aside', attempts: 3 });
  });

  test('is logged once a minute, whatever the records are', () => {
    let now = 0;
    const stoppages = new Stoppages(() => now);
    const said = () => stoppages.isToBeSaid(new TypeError('bug'));
    expect([said(), said()]).toEqual([true, false]);
    expect(stoppages.isToBeSaid(ofServer('42501'))).toBe(true);
    now = 60_000;
    expect([said(), said()]).toEqual([true, false]);
  });
});
