import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNKNOWN_HEALTH, afterAttempt, onSend, parkedUntil, permissionOf } from './endpoint-health.ts';
import type { EndpointHealth } from './endpoint-health.ts';
import { OUTCOMES, answered, blocked, failed, infrastructure } from './outcomes.fixture.ts';
import type { Outcome } from './delivery.ts';

const NOON = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const KNOWN: EndpointHealth = { ...UNKNOWN_HEALTH, hasSucceeded: true };

const after = (
  health: EndpointHealth,
  outcome: Outcome,
  about: Partial<{ nowMs: number; isReplay: boolean; isProbe: boolean }> = {},
): EndpointHealth => afterAttempt(health, outcome, { nowMs: NOON, isReplay: false, isProbe: false, ...about });

function times(count: number, health: EndpointHealth, outcome: Outcome, isReplay = false): EndpointHealth {
  return Array.from({ length: count }).reduce<EndpointHealth>((now) => after(now, outcome, { isReplay }), health);
}

const open = (openMs = 30_000, health = KNOWN): EndpointHealth => ({
  ...health,
  breaker: { kind: 'open', untilMs: NOON + openMs, openMs },
});

describe('probation', () => {
  test('an origin that never answered 2xx has one slot, and five requests per minute', () => {
    let health = UNKNOWN_HEALTH;
    for (let sent = 0; sent < 5; sent += 1) {
      expect(permissionOf(health, NOON)).toEqual({ kind: 'send', slots: 1, isProbe: false });
      health = onSend(health, NOON);
    }
    expect(permissionOf(health, NOON)).toEqual({ kind: 'wait', untilMs: NOON + 12_000 });
    expect(permissionOf(health, NOON + 12_000)).toMatchObject({ kind: 'send' });
  });

  test('its first 2xx ends it; no other answer does', () => {
    expect(permissionOf(after(UNKNOWN_HEALTH, answered(204)), NOON)).toEqual({
      kind: 'send',
      slots: 4,
      isProbe: false,
    });
    expect(permissionOf(after(UNKNOWN_HEALTH, answered(404)), NOON)).toMatchObject({ slots: 1 });
  });

  test('time without requests saves up no more than a minute of them', () => {
    const rested = onSend(UNKNOWN_HEALTH, NOON);
    expect(onSend(rested, NOON + DAY_MS).probation.tokens).toBe(4);
  });
});

describe('the breaker', () => {
  test('opens at ten samples of which 70 % failed, not before', () => {
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
    expect(permissionOf(open(), NOON)).toEqual({ kind: 'wait', untilMs: NOON + 30_000 });
    expect(permissionOf(open(), NOON + 30_000)).toEqual({ kind: 'send', slots: 1, isProbe: true });
  });

  test('closes after a good probe and forgets what was', () => {
    const closed = after(open(480_000), answered(200), { isProbe: true });
    expect(closed).toMatchObject({ breaker: { kind: 'closed' }, minutes: [], timeoutsInARow: 0, failingSinceMs: null });
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

  test('ignores attempts that were under way when it opened, and probes that tell nothing', () => {
    expect(after(open(), answered(500)).breaker).toEqual(open().breaker);
    expect(after(open(), answered(200)).breaker).toEqual(open().breaker);
    for (const outcome of [infrastructure, blocked, failed('stale_connection')]) {
      expect(after(open(), outcome, { isProbe: true }).breaker).toEqual(open().breaker);
    }
  });
});

describe('outcomes that leave no trace', () => {
  test.each([blocked, infrastructure, failed('stale_connection')])('%o', (outcome) => {
    expect(after(KNOWN, outcome)).toEqual(KNOWN);
  });

  test('abort-message is no sample', () => {
    expect(after(KNOWN, answered(400, { instruction: 'abort-message' }))).toEqual(KNOWN);
  });

  test.each(OUTCOMES.filter((outcome) => outcome.kind !== 'response' || outcome.instruction !== 'disable'))(
    'a replay with %o: no sample, no failure, no breaker',
    (outcome) => {
      const { pausedUntilMs, ...traces } = times(20, KNOWN, outcome, true);
      const { pausedUntilMs: _before, ...before } = KNOWN;
      expect(traces).toEqual(before);
      expect(pausedUntilMs >= 0).toBe(true);
    },
  );
});

test('a replay as the probe closes the breaker, or keeps it open for the same time again', () => {
  expect(after(open(), answered(200), { isProbe: true, isReplay: true }).breaker.kind).toBe('closed');
  expect(after(open(), answered(500), { isProbe: true, isReplay: true }).breaker).toEqual(open().breaker);
});

test('429 and 503 with Retry-After pause the origin, for a day at most; other answers do not', () => {
  expect(parkedUntil(after(KNOWN, answered(429, { retryAfterSeconds: 60 })))).toBe(NOON + 60_000);
  expect(parkedUntil(after(KNOWN, answered(503, { retryAfterSeconds: 1e9 })))).toBe(NOON + DAY_MS);
  expect(parkedUntil(after(KNOWN, answered(500, { retryAfterSeconds: 60 })))).toBe(0);
  expect(parkedUntil(after(KNOWN, answered(429)))).toBe(0);
  const paused = after(KNOWN, answered(429, { retryAfterSeconds: 60 }));
  expect(permissionOf(paused, NOON)).toEqual({ kind: 'wait', untilMs: NOON + 60_000 });
  expect(parkedUntil(after(paused, answered(429, { retryAfterSeconds: 1 })))).toBe(NOON + 60_000);
});

describe('giving up', () => {
  const failingFor = (ms: number) => ({ ...KNOWN, failingSinceMs: NOON - ms });

  test('a failure five days after the first one, without a success between, disables', () => {
    expect(after(failingFor(5 * DAY_MS), answered(500)).breaker).toEqual({ kind: 'disabled', because: 'failing' });
    expect(after(failingFor(5 * DAY_MS - 1), answered(500)).breaker.kind).toBe('closed');
    expect(after(failingFor(5 * DAY_MS), answered(200))).toMatchObject({ failingSinceMs: null });
  });

  test('so does a failed probe', () => {
    const health = open(30_000, failingFor(5 * DAY_MS));
    expect(after(health, failed('timeout'), { isProbe: true }).breaker.kind).toBe('disabled');
  });

  test('`disable` disables at once, and no answer enables again', () => {
    const disabled = after(KNOWN, answered(400, { instruction: 'disable' }));
    expect(permissionOf(disabled, NOON + 9 * DAY_MS)).toEqual({ kind: 'never' });
    expect(after(disabled, answered(200))).toBe(disabled);
    expect(after(KNOWN, answered(200, { instruction: 'disable' })).breaker.kind).toBe('closed');
  });
});

test('whatever comes, an endpoint that is not disabled may be sent to again within a day', () => {
  const step = fc.record({
    outcome: fc.constantFrom(...OUTCOMES),
    isReplay: fc.boolean(),
    afterMs: fc.integer({ min: 0, max: DAY_MS }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let health = UNKNOWN_HEALTH;
      let nowMs = NOON;
      for (const { outcome, isReplay, afterMs } of steps) {
        nowMs += afterMs;
        const permission = permissionOf(health, nowMs);
        if (permission.kind === 'never') return;
        const waitMs = permission.kind === 'wait' ? permission.untilMs - nowMs : 1;
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(DAY_MS);
        if (permission.kind === 'wait') nowMs = permission.untilMs;
        const now = permissionOf(health, nowMs);
        expect(now.kind).toBe('send');
        health = afterAttempt(onSend(health, nowMs), outcome, {
          nowMs,
          isReplay,
          isProbe: now.kind === 'send' && now.isProbe,
        });
        // As the ledger keeps it.
        expect(JSON.parse(JSON.stringify(health))).toEqual(health);
      }
    }),
  );
});
