import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';
import { nextAttemptDelayMs } from './retry-schedule.ts';

const schedule = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const nowMs = Date.UTC(2026, 10, 8, 12, 0, 0);

describe('the next attempt', () => {
  test('follows the schedule, and there are ten attempts', () => {
    const delays = schedule.map((_step, index) =>
      nextAttemptDelayMs({ attempt: index + 1, retryAfterSeconds: null }, schedule, 0.5),
    );
    expect(delays).toEqual(schedule.map((seconds) => seconds * 1000));
    expect(nextAttemptDelayMs({ attempt: 10, retryAfterSeconds: 60 }, schedule, 0.5)).toBe(null);
    expect(nextAttemptDelayMs({ attempt: 1, retryAfterSeconds: null }, [], 0.5)).toBe(null);
  });

  test('comes up to 20 % earlier or later', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const delay = nextAttemptDelayMs({ attempt: 2, retryAfterSeconds: null }, schedule, random) ?? 0;
        expect(delay).toBeGreaterThanOrEqual(240_000);
        expect(delay).toBeLessThanOrEqual(360_000);
      }),
    );
    expect(nextAttemptDelayMs({ attempt: 2, retryAfterSeconds: null }, schedule, 0)).toBe(240_000);
  });

  test('waits longer when the receiver asks for it, never shorter, and never for more than a day', () => {
    const after = (retryAfterSeconds: number) => nextAttemptDelayMs({ attempt: 2, retryAfterSeconds }, schedule, 0.5);
    expect([after(0), after(299), after(3600), after(1e12)]).toEqual([300_000, 300_000, 3_600_000, 86_400_000]);
  });
});

describe('Retry-After', () => {
  test.each<[string | string[] | undefined, number | null]>([
    [undefined, null],
    ['120', 120],
    [' 120 ', 120],
    ['0', 0],
    ['86401', 86_400],
    ['99999999999999999999999999', 86_400],
    ['Sun, 08 Nov 2026 12:02:00 GMT', 120],
    ['Sunday, 08-Nov-26 12:02:00 GMT', 120],
    ['Sun Nov  8 12:02:00 2026', 120],
    ['Sun, 08 Nov 2026 11:00:00 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400],
    [['60', '120'], 120],
    [['soon', '120'], 120],
    [['soon', ''], null],
    [[], null],
    ['', null],
    ['-1', null],
    ['+5', null],
    ['1.5', null],
    ['1e3', null],
    ['0x10', null],
    ['120 s', null],
    ['120, 60', null],
    ['soon', null],
    ['2026-11-08T12:02:00Z', null],
    ['Sun, 32 Nov 2026 12:02:00 GMT', null],
    ['Sun, 08 Nix 2026 12:02:00 GMT', null],
    ['Sun, 08 Nov 2026 25:02:00 GMT', null],
  ])('%j asks for %s seconds', (header, seconds) => {
    expect(parseRetryAfter(header, nowMs)).toBe(seconds);
  });

  test('of any text never throws, and is null or 0 to 86400', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9 :,.GMT-]*$/)), (header) => {
        const seconds = parseRetryAfter(header, nowMs) ?? 0;
        expect(seconds >= 0 && seconds <= 86_400).toBe(true);
      }),
    );
  });
});
