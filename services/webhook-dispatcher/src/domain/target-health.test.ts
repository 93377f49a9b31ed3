import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  UNKNOWN_TARGET,
  afterTargetAttempt,
  onTargetSend,
  targetParkedUntil,
  targetPermission,
} from './target-health.ts';
import type { AttemptFacts, TargetHealth } from './target-health.ts';
import { OUTCOMES, answered, blocked, failed, infrastructure } from './outcomes.fixture.ts';
import type { Outcome } from './delivery.ts';

const NOON = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const KNOWN: TargetHealth = { ...UNKNOWN_TARGET, succeededAtMs: NOON - DAY_MS };

const after = (health: TargetHealth, outcome: Outcome, about: Partial<AttemptFacts> = {}): TargetHealth => {
  const nowMs = about.nowMs ?? NOON;
  return afterTargetAttempt(health, outcome, {
    nowMs,
    sentAtMs: nowMs,
    isReplay: false,
    isProbe: false,
    random: 0,
    ...about,
  });
};

function times(count: number, health: TargetHealth, outcome: Outcome, isReplay = false): TargetHealth {
  return Array.from({ length: count }).reduce<TargetHealth>((now) => after(now, outcome, { isReplay }), health);
}

const open = (openMs = 30_000, health = KNOWN): TargetHealth => ({
  ...health,
  breaker: { kind: 'open', untilMs: NOON + openMs, openMs },
});

test('a URL gets one request before its first 2xx, and four at once from then on', () => {
  expect(targetPermission(UNKNOWN_TARGET, NOON)).toEqual({ kind: 'send', slots: 1, isProbe: false });
  expect(targetPermission(after(UNKNOWN_TARGET, answered(404)), NOON)).toMatchObject({ slots: 1 });
  expect(targetPermission(after(UNKNOWN_TARGET, answered(204)), NOON)).toMatchObject({ slots: 4 });
});

describe('the breaker', () => {
  test('opens at ten samples of which 70 % failed, and not before', () => {
    const three = times(3, KNOWN, answered(200));
    expect(times(6, three, answered(500)).breaker.kind).toBe('closed');
    expect(times(7, three, answered(500)).breaker).toEqual({ kind: 'open', untilMs: NOON + 30_000, openMs: 30_000 });
    const four = times(4, KNOWN, answered(200));
    expect(times(8, four, answered(500)).breaker.kind).toBe('closed');
    expect(times(9, KNOWN, answered(500)).breaker.kind).toBe('closed');
  });

  test('forgets samples after five minutes', () => {
    const nine = times(9, KNOWN, answered(500));
    expect(after(nine, answered(500), { nowMs: NOON + 4 * 60_000 }).breaker.kind).toBe('open');
    expect(after(nine, answered(500), { nowMs: NOON + 5 * 60_000 }).breaker.kind).toBe('closed');
  });

  test('opens at five timeouts in a row', () => {
    const four = times(4, KNOWN, failed('timeout'));
    expect(four.breaker.kind).toBe('closed');
    expect(after(four, failed('timeout')).breaker.kind).toBe('open');
    expect(after(after(four, answered(200)), failed('timeout')).breaker.kind).toBe('closed');
  });

  test('lets one probe through when its time is over', () => {
    expect(targetPermission(open(), NOON)).toEqual({ kind: 'wait', untilMs: NOON + 30_000 });
    expect(targetPermission(open(), NOON + 30_000)).toEqual({ kind: 'send', slots: 1, isProbe: true });
  });

  test('closes after a good probe and forgets earlier samples', () => {
    const closed = after(open(480_000), answered(200), { isProbe: true });
    expect(closed).toMatchObject({ breaker: { kind: 'closed' }, minutes: [], timeoutsInARow: 0, failing: null });
  });

  test('doubles its time with each failed probe, up to an hour', () => {
    const openMs = [30_000];
    let health = open();
    for (let probe = 0; probe < 8; probe += 1) {
      health = after(health, answered(500), { isProbe: true });
      if (health.breaker.kind === 'open') openMs.push(health.breaker.openMs);
    }
    expect(openMs).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map((seconds) => seconds * 1_000));
  });

  test('ignores attempts that were under way when it opened, and probes without a meaning', () => {
    expect(after(open(), answered(500)).breaker).toEqual(open().breaker);
    expect(after(open(), answered(200)).breaker).toEqual(open().breaker);
    for (const outcome of [infrastructure, blocked, failed('stale_connection'), answered(429)]) {
      expect(after(open(), outcome, { isProbe: true }).breaker).toEqual(open().breaker);
    }
  });

  test('is never opened by throttling', () => {
    const throttled = times(50, KNOWN, answered(429, { retryAfterSeconds: 1 }));
    expect(throttled).toMatchObject({ breaker: { kind: 'closed' }, failing: null, minutes: [] });
    expect(times(5, throttled, answered(503, { retryAfterSeconds: 1 })).minutes).toEqual([]);
    expect(after(throttled, answered(503)).minutes).toHaveLength(1);
  });
});

describe('outcomes that change nothing', () => {
  test.each([blocked, infrastructure, failed('stale_connection')])('%o', (outcome) => {
    expect(after(KNOWN, outcome)).toEqual(KNOWN);
  });

  test('abort-message is no sample', () => {
    expect(after(KNOWN, answered(400, { instruction: 'abort-message' }))).toEqual(KNOWN);
  });

  test.each(OUTCOMES.filter((outcome) => after(KNOWN, outcome).breaker.kind !== 'disabled'))(
    'a replay with %o: no sample, no failure, no breaker',
    (outcome) => {
      const traces = times(20, KNOWN, outcome, true);
      expect({ ...traces, pace: KNOWN.pace, succeededAtMs: KNOWN.succeededAtMs }).toEqual(KNOWN);
    },
  );
});

test('a replay as the probe closes the breaker, or keeps it open for the same time again', () => {
  expect(after(open(), answered(200), { isProbe: true, isReplay: true }).breaker.kind).toBe('closed');
  expect(after(open(), answered(500), { isProbe: true, isReplay: true }).breaker).toEqual(open().breaker);
});

test('429 and 503 with Retry-After pause the URL, for a day at most; other answers do not', () => {
  expect(targetParkedUntil(after(KNOWN, answered(429, { retryAfterSeconds: 60 })))).toBe(NOON + 60_000);
  expect(targetParkedUntil(after(KNOWN, answered(503, { retryAfterSeconds: 1e9 })))).toBe(NOON + DAY_MS);
  expect(targetParkedUntil(after(KNOWN, answered(500, { retryAfterSeconds: 60 })))).toBe(0);
  const paused = after(KNOWN, answered(429, { retryAfterSeconds: 60 }));
  expect(targetPermission(paused, NOON)).toEqual({ kind: 'wait', untilMs: NOON + 60_000 });
  expect(targetPermission(onTargetSend(paused, NOON + 60_000), NOON + 120_000)).toMatchObject({ slots: 1 });
});

describe('giving up', () => {
  /** Fails once a day, `perDay` times, and says after how many days it is disabled. */
  const daysUntilDisabled = (perDay: number, everyDays = 1): number | null => {
    let health = KNOWN;
    for (let day = 0; day <= 30; day += everyDays) {
      for (let n = 0; n < perDay; n += 1) health = after(health, answered(404), { nowMs: NOON + day * DAY_MS + n });
      if (health.breaker.kind === 'open') health = { ...health, breaker: { kind: 'closed' }, minutes: [] };
      if (health.breaker.kind === 'disabled') return day;
    }
    return null;
  };

  test('takes ten failures, three days of them, and five days', () => {
    expect(daysUntilDisabled(5)).toBe(5);
    expect(daysUntilDisabled(2)).toBe(5);
    expect(daysUntilDisabled(1)).toBe(9);
    expect(daysUntilDisabled(5, 4)).toBe(8);
    expect(daysUntilDisabled(1, 5)).toBe(null);
  });

  test('a success begins anew, that of a replay as well', () => {
    const failing = { sinceMs: NOON - 9 * DAY_MS, count: 99, days: 9, lastDay: 0 };
    expect(after({ ...KNOWN, failing }, answered(404)).breaker).toEqual({ kind: 'disabled', because: 'failing' });
    expect(after({ ...KNOWN, failing }, answered(200)).failing).toBe(null);
    expect(after({ ...KNOWN, failing }, answered(200), { isReplay: true }).failing).toBe(null);
    const probed = open(30_000, { ...KNOWN, failing });
    expect(after(probed, failed('timeout'), { isProbe: true }).breaker.kind).toBe('disabled');
  });

  test('`disable` and 410 disable immediately, and no answer enables again', () => {
    const disabled = after(KNOWN, answered(400, { instruction: 'disable' }));
    expect(targetPermission(disabled, NOON + 9 * DAY_MS)).toEqual({ kind: 'never' });
    expect(after(disabled, answered(200))).toBe(disabled);
    expect(after(KNOWN, answered(410)).breaker).toEqual({ kind: 'disabled', because: 'gone' });
    expect(after(KNOWN, answered(200, { instruction: 'disable' })).breaker.kind).toBe('closed');
  });
});

test('whatever the outcomes, a URL that is not disabled gets the next request within a day', () => {
  const step = fc.record({
    outcome: fc.constantFrom(...OUTCOMES),
    isReplay: fc.boolean(),
    afterMs: fc.integer({ min: 0, max: DAY_MS }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let health = UNKNOWN_TARGET;
      let nowMs = NOON;
      for (const { outcome, isReplay, afterMs } of steps) {
        nowMs += afterMs;
        const permission = targetPermission(health, nowMs);
        if (permission.kind === 'never') return;
        const waitMs = permission.kind === 'wait' ? permission.untilMs - nowMs : 1;
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(DAY_MS);
        if (permission.kind === 'wait') nowMs = permission.untilMs;
        const now = targetPermission(health, nowMs);
        expect(now.kind).toBe('send');
        const isProbe = now.kind === 'send' && now.isProbe;
        health = after(onTargetSend(health, nowMs), outcome, { nowMs, isReplay, isProbe });
        // As the ledger keeps it.
        expect(JSON.parse(JSON.stringify(health))).toEqual(health);
      }
    }),
  );
});
