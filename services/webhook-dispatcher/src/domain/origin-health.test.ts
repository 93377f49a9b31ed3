import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  UNKNOWN_ORIGIN,
  afterOriginAttempt,
  onOriginSend,
  originParkedUntil,
  originPermission,
} from './origin-health.ts';
import type { OriginAttempt, OriginHealth } from './origin-health.ts';
import { OUTCOMES, answered, blocked, failed, infrastructure } from './outcomes.fixture.ts';
import type { Outcome } from './delivery.ts';

const NOON = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const KNOWN: OriginHealth = { ...UNKNOWN_ORIGIN, hasSucceeded: true };

const after = (health: OriginHealth, outcome: Outcome, about: Partial<OriginAttempt> = {}): OriginHealth => {
  const nowMs = about.nowMs ?? NOON;
  return afterOriginAttempt(health, outcome, {
    urlHash: 'a',
    nowMs,
    sentAtMs: nowMs,
    isProbe: false,
    random: 0,
    ...about,
  });
};

function times(count: number, health: OriginHealth, outcome: Outcome, urls = ['a']): OriginHealth {
  return Array.from({ length: count }, (_, index) => urls[index % urls.length] ?? 'a').reduce<OriginHealth>(
    (now, urlHash) => after(now, outcome, { urlHash }),
    health,
  );
}

const open = (openMs = 30_000): OriginHealth => ({
  ...KNOWN,
  breaker: { kind: 'open', untilMs: NOON + openMs, openMs },
});

describe('probation', () => {
  test('an origin that never answered 2xx has one slot, and five requests per minute', () => {
    let health = UNKNOWN_ORIGIN;
    for (let sent = 0; sent < 5; sent += 1) {
      expect(originPermission(health, NOON)).toEqual({ kind: 'send', slots: 1, isProbe: false });
      health = onOriginSend(health, NOON);
    }
    expect(originPermission(health, NOON)).toEqual({ kind: 'wait', untilMs: NOON + 12_000 });
    expect(originPermission(health, NOON + 12_000)).toMatchObject({ kind: 'send' });
  });

  test('ends with the first 2xx, and with no other answer', () => {
    expect(originPermission(after(UNKNOWN_ORIGIN, answered(204)), NOON)).toMatchObject({ kind: 'send', slots: 8 });
    expect(originPermission(after(UNKNOWN_ORIGIN, answered(404)), NOON)).toMatchObject({ slots: 1 });
  });

  test('time without requests saves up at most a minute of requests', () => {
    const rested = onOriginSend(UNKNOWN_ORIGIN, NOON);
    expect(onOriginSend(rested, NOON + DAY_MS).probation.tokens).toBe(4);
  });
});

describe('the breaker', () => {
  test.each(['dns', 'connect', 'tls'] as const)('opens at ten failures of %s in a row, also of one URL', (failure) => {
    expect(times(9, KNOWN, failed(failure)).breaker.kind).toBe('closed');
    expect(times(10, KNOWN, failed(failure)).breaker).toEqual({ kind: 'open', untilMs: NOON + 30_000, openMs: 30_000 });
  });

  test('opens at timeouts and 5xx only when two URLs have them', () => {
    expect(times(99, KNOWN, failed('timeout')).breaker.kind).toBe('closed');
    expect(times(99, KNOWN, answered(500)).breaker.kind).toBe('closed');
    expect(times(5, KNOWN, failed('timeout'), ['a', 'b']).breaker.kind).toBe('open');
    expect(times(10, KNOWN, answered(500), ['a', 'b']).breaker.kind).toBe('open');
  });

  test.each([answered(200), answered(301), answered(404), answered(410), answered(400, { instruction: 'disable' })])(
    'forgets failures when an outcome shows the host alive: %o',
    (alive) => {
      const nine = times(9, KNOWN, failed('connect'));
      expect(after(after(nine, alive), failed('connect')).breaker.kind).toBe('closed');
    },
  );

  test.each([blocked, infrastructure, failed('stale_connection'), failed('protocol')])(
    'learns nothing from %o',
    (told) => {
      expect(times(99, KNOWN, told, ['a', 'b'])).toEqual(KNOWN);
    },
  );

  test('lets one probe through when its time is over, and doubles the time up to ten minutes', () => {
    expect(originPermission(open(), NOON)).toEqual({ kind: 'wait', untilMs: NOON + 30_000 });
    expect(originPermission(open(), NOON + 30_000)).toEqual({ kind: 'send', slots: 1, isProbe: true });
    expect(after(open(), failed('connect'), { isProbe: true }).breaker).toMatchObject({ openMs: 60_000 });
    expect(after(open(600_000), failed('connect'), { isProbe: true }).breaker).toMatchObject({ openMs: 600_000 });
  });

  test('closes after a probe that shows the host alive, and ignores requests that were under way', () => {
    expect(after(open(), answered(404), { isProbe: true }).breaker.kind).toBe('closed');
    expect(after(open(), answered(429), { isProbe: true }).breaker.kind).toBe('closed');
    expect(after(open(), answered(200)).breaker).toEqual(open().breaker);
    expect(after(open(), failed('connect')).breaker).toEqual(open().breaker);
  });
});

test('throttling of two URLs within a minute pauses the origin, for a minute at most', () => {
  const throttled = answered(429, { retryAfterSeconds: 86_400 });
  const one = times(9, KNOWN, throttled);
  expect(originParkedUntil(one)).toBe(0);
  expect(originParkedUntil(after(one, throttled, { urlHash: 'b' }))).toBe(NOON + 60_000);
  expect(originParkedUntil(after(one, throttled, { urlHash: 'b', nowMs: NOON + 61_000 }))).toBe(0);
});

test('a fixed rate holds for an origin that was never throttled', () => {
  const sent = onOriginSend(KNOWN, NOON, 0.5);
  expect(originPermission(sent, NOON, 0.5)).toEqual({ kind: 'wait', untilMs: NOON + 2_000 });
  expect(originPermission(sent, NOON + 2_000, 0.5)).toMatchObject({ kind: 'send' });
});

test('whatever the outcomes, an origin gets the next request within a quarter of an hour', () => {
  const step = fc.record({
    outcome: fc.constantFrom(...OUTCOMES),
    urlHash: fc.constantFrom('a', 'b', 'c'),
    afterMs: fc.integer({ min: 0, max: DAY_MS }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let health = UNKNOWN_ORIGIN;
      let nowMs = NOON;
      for (const { outcome, urlHash, afterMs } of steps) {
        nowMs += afterMs;
        const permission = originPermission(health, nowMs);
        const untilMs = permission.kind === 'wait' ? permission.untilMs : nowMs;
        expect(untilMs - nowMs).toBeLessThanOrEqual(900_000);
        nowMs = untilMs;
        const now = originPermission(health, nowMs);
        expect(now.kind).toBe('send');
        const isProbe = now.kind === 'send' && now.isProbe;
        health = after(onOriginSend(health, nowMs), outcome, { urlHash, nowMs, isProbe });
        // As the ledger keeps it.
        expect(JSON.parse(JSON.stringify(health))).toEqual(health);
      }
    }),
  );
});
