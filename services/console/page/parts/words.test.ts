import { expect, test } from 'vitest';
import { durationText, valueText, waitingText } from './words.ts';

test('a duration has its two largest units', () => {
  const seconds = [0, 0.4, 59, 60, 61, 3_600, 3_659, 3_660, 90_000, 86_400 * 30];
  expect(seconds.map((count) => durationText(count * 1_000))).toEqual([
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '1 h',
    '1 h',
    '1 h 1 min',
    '1 d 1 h',
    '30 d',
  ]);
  expect(durationText(-5_000)).toBe('0 s');
});

test('what a run waits for is a sentence without a full stop', () => {
  expect(waitingText(null)).toBe('');
  expect(waitingText({ kind: 'behind', runId: 'r', aheadCount: 3 })).toBe('3 before it in its lane');
  expect(waitingText({ kind: 'behind', runId: 'r', aheadCount: 1_000 })).toBe('1,000 or more before it in its lane');
  expect(waitingText({ kind: 'executing', host: null, isAskedToStop: false })).toMatch(/another one will take it over/);
});

test('a text is shown as it is, and anything else as JSON', () => {
  expect([valueText('a "b"'), valueText({ a: 1 }), valueText(null)]).toEqual(['a "b"', '{\n  "a": 1\n}', 'null']);
});
