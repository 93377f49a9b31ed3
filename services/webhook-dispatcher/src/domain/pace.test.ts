/** Real: the rule of the pace. Doubled: the receiver and the time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FREE_PACE, onPacedSend, onTaken, onThrottled, paceOf } from './pace.ts';
import type { Pace } from './pace.ts';

const NOON = 1_800_000_000_000;
const SLOTS = 4;

type Receiver = {
  /** Requests per second that it takes, of which it saves up `burst`. */
  perSecond: (nowMs: number) => number;
  burst: number;
  retryAfterSeconds: number | null;
  latencyMs: number;
};

/** Sends `count` webhooks, as the delivery loop does: whatever is throttled is sent again. */
function simulate(count: number, receiver: Receiver, random: () => number) {
  let pace: Pace = FREE_PACE;
  let nowMs = NOON;
  let tokens = receiver.burst;
  let filledAtMs = NOON;
  let waiting = count;
  let taken = 0;
  let throttled = 0;
  let most = 0;
  const inFlight: { sentAtMs: number; atMs: number; isTaken: boolean }[] = [];
  while (taken < count) {
    const permission = paceOf(pace, nowMs, SLOTS);
    if (waiting > 0 && permission.atMs <= nowMs && inFlight.length < permission.slots) {
      pace = onPacedSend(pace, nowMs);
      tokens = Math.min(receiver.burst, tokens + ((nowMs - filledAtMs) / 1_000) * receiver.perSecond(nowMs));
      filledAtMs = nowMs;
      const isTaken = tokens >= 1;
      if (isTaken) tokens -= 1;
      waiting -= 1;
      inFlight.push({ sentAtMs: nowMs, atMs: nowMs + receiver.latencyMs, isTaken });
      most = Math.max(most, inFlight.length);
      continue;
    }
    const next = inFlight[0];
    const mayAtMs = waiting > 0 && inFlight.length < permission.slots ? permission.atMs : Infinity;
    if (next !== undefined && next.atMs <= mayAtMs) {
      inFlight.shift();
      nowMs = next.atMs;
      if (next.isTaken) {
        taken += 1;
        pace = onTaken(pace, nowMs);
      } else {
        throttled += 1;
        waiting += 1;
        const { retryAfterSeconds } = receiver;
        pace = onThrottled(pace, {
          retryAfterSeconds,
          sentAtMs: next.sentAtMs,
          nowMs,
          random: random(),
          mostSlots: SLOTS,
        });
      }
    } else {
      nowMs = mayAtMs;
    }
    if (!Number.isFinite(nowMs) || nowMs - NOON > 30 * 86_400_000) throw new Error('It never ends.');
  }
  return { seconds: (nowMs - NOON) / 1_000, throttled, most, pace };
}

/** Repeatable numbers in [0, 1). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

test.each([
  { count: 20, perSecond: 1, retryAfterSeconds: 1, latencyMs: 100, within: 1.5 },
  { count: 200, perSecond: 1, retryAfterSeconds: 1, latencyMs: 100, within: 1.3 },
  { count: 2_000, perSecond: 1, retryAfterSeconds: 1, latencyMs: 100, within: 1.3 },
  { count: 2_000, perSecond: 1, retryAfterSeconds: null, latencyMs: 100, within: 1.3 },
  { count: 2_000, perSecond: 1, retryAfterSeconds: 30, latencyMs: 100, within: 1.3 },
  { count: 2_000, perSecond: 1, retryAfterSeconds: 1, latencyMs: 900, within: 1.3 },
  { count: 2_000, perSecond: 20, retryAfterSeconds: 1, latencyMs: 50, within: 1.5 },
  { count: 500, perSecond: 0.1, retryAfterSeconds: 10, latencyMs: 100, within: 1.3 },
])(
  '$count webhooks to a receiver that takes $perSecond/s (Retry-After $retryAfterSeconds) arrive in $within × the ideal time',
  ({ count, perSecond, within, ...receiver }) => {
    for (const burst of [1, 10]) {
      const { seconds, throttled } = simulate(
        count,
        { ...receiver, perSecond: () => perSecond, burst },
        randomOf(burst),
      );
      expect(seconds).toBeLessThan((count / perSecond) * within);
      expect(throttled).toBeLessThan(count * 0.1 + 10);
    }
  },
);

test('the pace follows a receiver that takes less from some time on, and one that takes more again', () => {
  const perSecond = (nowMs: number) => (nowMs < NOON + 600_000 ? 10 : nowMs < NOON + 1_200_000 ? 1 : 10);
  // 600 s × 10 + 600 s × 1, and the rest at 10 again.
  const ideal = 2_000;
  const { seconds } = simulate(
    6_000 + 600 + 8_000,
    { perSecond, burst: 1, retryAfterSeconds: 1, latencyMs: 50 },
    randomOf(7),
  );
  expect(seconds).toBeLessThan(ideal * 1.5);
});

test('after a pause one request is sent, and no other before its answer', () => {
  const about = { retryAfterSeconds: 5, sentAtMs: NOON, nowMs: NOON + 100, random: 0, mostSlots: SLOTS };
  const paused = onThrottled(FREE_PACE, about);
  expect(paceOf(paused, NOON + 100, SLOTS)).toEqual({ atMs: NOON + 5_100, slots: 1 });
  const sent = onPacedSend(paused, NOON + 5_100);
  expect(paceOf(sent, NOON + 5_200, SLOTS).slots).toBe(1);
  expect(paceOf(onTaken(sent, NOON + 5_200), NOON + 5_200, SLOTS).slots).toBe(2);
});

test('answers to requests that were under way prolong the pause, but do not slow the pace again', () => {
  const first = onThrottled(FREE_PACE, {
    retryAfterSeconds: 1,
    sentAtMs: NOON,
    nowMs: NOON + 100,
    random: 0,
    mostSlots: SLOTS,
  });
  const again = onThrottled(first, {
    retryAfterSeconds: 9,
    sentAtMs: NOON + 50,
    nowMs: NOON + 150,
    random: 0,
    mostSlots: SLOTS,
  });
  expect(again).toEqual({ ...first, pausedUntilMs: NOON + 9_150 });
});

test('a receiver that has not throttled for long has no pace', () => {
  const paused = onThrottled(FREE_PACE, {
    retryAfterSeconds: 1,
    sentAtMs: NOON,
    nowMs: NOON,
    random: 0,
    mostSlots: SLOTS,
  });
  expect(onTaken(paused, NOON + 3_600_000)).toBe(FREE_PACE);
  expect(paceOf(paused, NOON + 3_600_000, SLOTS)).toEqual({ atMs: 0, slots: SLOTS });
});

test('a fixed rate spaces what is sent to a receiver that never throttled', () => {
  let pace = FREE_PACE;
  const sentAt: number[] = [];
  for (let nowMs = NOON; nowMs < NOON + 10_000; nowMs += 10) {
    if (paceOf(pace, nowMs, SLOTS, 2).atMs > nowMs) continue;
    sentAt.push(nowMs);
    pace = onPacedSend(pace, nowMs, 2);
  }
  expect(sentAt).toHaveLength(20);
});

test('whatever the throttling, the next request is sent within a day', () => {
  const step = fc.record({
    retryAfterSeconds: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
    isTaken: fc.boolean(),
    afterMs: fc.integer({ min: 0, max: 86_400_000 }),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      let pace: Pace = FREE_PACE;
      let nowMs = NOON;
      for (const { retryAfterSeconds, isTaken, afterMs, random } of steps) {
        const { atMs, slots } = paceOf(pace, nowMs, SLOTS);
        expect(atMs - nowMs).toBeLessThanOrEqual(86_400_000);
        expect(slots).toBeGreaterThanOrEqual(1);
        expect(slots).toBeLessThanOrEqual(SLOTS);
        const sentAtMs = Math.max(nowMs, atMs) + 1;
        pace = onPacedSend(pace, sentAtMs);
        nowMs = sentAtMs + afterMs;
        pace = isTaken
          ? onTaken(pace, nowMs)
          : onThrottled(pace, { retryAfterSeconds, sentAtMs, nowMs, random, mostSlots: SLOTS });
        expect(JSON.parse(JSON.stringify(pace))).toEqual(pace);
      }
    }),
  );
});
