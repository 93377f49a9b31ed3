/**
 * What is remembered of the answers of one URL, and what may be sent to it now. Different owners share hosts, so the answer
 * of a URL says something about that URL alone; origin-health has what concerns the host. Instants are milliseconds since
 * 1970.
 *
 *   breaker   closed ──10 samples, 70 % failed in 5 min, or 5 timeouts in a row──▶ open ──time is over──▶ one probe
 *                ▲                                                                   ▲                     │
 *                └──────────────── the probe succeeds ──────────────────────────────┼─────────────────────┤
 *                                                                     twice the time └── it fails ─────────┘
 *             any ──`disable`, 410, or failing (below)──▶ disabled ──replay, or an operator──▶ closed
 *
 *   outcome                 sample   timeouts in a row   failing   pace
 *   2xx                     good     0                   ends      taken
 *   throttled               none     kept                kept      throttled
 *   other answers           bad      0                   goes on   –
 *   abort-message           none     0                   kept      –
 *   timeout                 bad      + 1                 goes on   –
 *   other failures          bad      0                   goes on   –
 *   stale_connection,
 *   blocked, ours           none     kept                kept      –
 *
 * Failing: ten failures or more, on three days or more, over five days or more, and no success between.
 * Replays do not count, because they repeat the past, with two exceptions: one that succeeds ends the failing, and one that is
 * the probe of an open breaker closes it, or keeps it open for the same time again. Attempts that were under way when the
 * breaker opened do not count either.
 */
import { isAborted, isSample, isSuccess, isThrottled } from './delivery.ts';
import type { Outcome } from './delivery.ts';
import { FREE_PACE, onPacedSend, onTaken, onThrottled, paceOf } from './pace.ts';
import type { Pace } from './pace.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WINDOW_MINUTES = 5;
const MIN_SAMPLES = 10;
const MAX_FAILED_SHARE = 0.7;
const MAX_TIMEOUTS = 5;
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 3_600_000;
const GIVE_UP_MS = 5 * DAY_MS;
const GIVE_UP_FAILURES = 10;
const GIVE_UP_DAYS = 3;

/** Requests in flight to a URL; one until it has answered 2xx once. */
export const TARGET_SLOTS = 4;

export type TargetBreaker =
  | { kind: 'closed' }
  | { kind: 'open'; untilMs: number; openMs: number }
  | { kind: 'disabled'; because: 'asked' | 'gone' | 'failing' };

/** Failures since the last success: the first one, how many, on how many days, and which day was the last (since 1970). */
type Failing = { sinceMs: number; count: number; days: number; lastDay: number };

export type TargetHealth = {
  breaker: TargetBreaker;
  /** Samples of the last minutes, oldest first. */
  minutes: { minute: number; good: number; bad: number }[];
  timeoutsInARow: number;
  /** Null after a success. */
  failing: Failing | null;
  /** When it answered 2xx last; 0 for never. */
  succeededAtMs: number;
  pace: Pace;
};

/** The health of a URL to which nothing was sent yet. */
export const UNKNOWN_TARGET: TargetHealth = {
  breaker: { kind: 'closed' },
  minutes: [],
  timeoutsInARow: 0,
  failing: null,
  succeededAtMs: 0,
  pace: FREE_PACE,
};

/** `slots`: requests that may be in flight; `isProbe`: the one slot is the breaker's probe. */
export type TargetPermission =
  | { kind: 'send'; slots: number; isProbe: boolean }
  | { kind: 'wait'; untilMs: number }
  | { kind: 'never' };

export function targetPermission(health: TargetHealth, nowMs: number): TargetPermission {
  if (health.breaker.kind === 'disabled') return { kind: 'never' };
  const pace = paceOf(health.pace, nowMs, TARGET_SLOTS);
  const untilMs = Math.max(openUntil(health), pace.atMs);
  if (untilMs > nowMs) return { kind: 'wait', untilMs };
  if (health.breaker.kind === 'open') return { kind: 'send', slots: 1, isProbe: true };
  return { kind: 'send', slots: health.succeededAtMs > 0 ? pace.slots : 1, isProbe: false };
}

/** Until when nothing is sent to it; 0 when it is not paused. Of a disabled one its replay decides. */
export function targetParkedUntil(health: TargetHealth): number {
  return Math.max(openUntil(health), health.pace.pausedUntilMs, health.pace.nextAtMs);
}

/** Its last attempt succeeded, so a request to it is likely to succeed. */
export function isProven({ succeededAtMs, failing }: TargetHealth): boolean {
  return succeededAtMs > 0 && failing === null;
}

/** Whether the health was good and is unchanged, as far as any decision depends on it. */
export function isStillWell(before: TargetHealth, after: TargetHealth): boolean {
  return (
    isProven(before) &&
    isProven(after) &&
    before.breaker.kind === 'closed' &&
    after.breaker.kind === 'closed' &&
    before.timeoutsInARow === after.timeoutsInARow &&
    before.pace === after.pace
  );
}

/** Notes that a request is about to be sent. */
export function onTargetSend(health: TargetHealth, nowMs: number): TargetHealth {
  const pace = onPacedSend(health.pace, nowMs);
  return pace === health.pace ? health : { ...health, pace };
}

/** When a request was sent and answered, whether it was a replay and, by its permission, a probe; `random` in [0, 1). */
export type AttemptFacts = { sentAtMs: number; nowMs: number; isReplay: boolean; isProbe: boolean; random: number };

export function afterTargetAttempt(health: TargetHealth, outcome: Outcome, about: AttemptFacts): TargetHealth {
  const { nowMs, sentAtMs, random, isReplay, isProbe } = about;
  if (health.breaker.kind === 'disabled') return health;
  const because = disabledBy(outcome);
  if (because !== null) return { ...health, breaker: { kind: 'disabled', because } };
  if (isThrottled(outcome)) {
    const { retryAfterSeconds } = outcome;
    const throttling = { retryAfterSeconds, sentAtMs, nowMs, random, mostSlots: TARGET_SLOTS };
    return { ...health, pace: onThrottled(health.pace, throttling) };
  }
  const noted = { ...health };
  if (isSuccess(outcome)) {
    noted.succeededAtMs = nowMs;
    noted.failing = null;
    noted.pace = onTaken(health.pace, nowMs);
  }
  if (isProbe && health.breaker.kind === 'open') return afterProbe(noted, health.breaker, { outcome, isReplay, nowMs });
  if (isReplay || health.breaker.kind === 'open' || !isSample(outcome)) {
    return isAborted(outcome) && !isReplay ? { ...noted, timeoutsInARow: 0 } : noted;
  }
  const isGood = isSuccess(outcome);
  const isTimeout = outcome.kind === 'failed' && outcome.class === 'timeout';
  const after: TargetHealth = {
    ...noted,
    minutes: sampled(noted, isGood, nowMs),
    timeoutsInARow: isTimeout ? noted.timeoutsInARow + 1 : 0,
    failing: isGood ? null : failedOnceMore(noted.failing, nowMs),
  };
  if (isGivenUp(after, nowMs)) return { ...after, breaker: { kind: 'disabled', because: 'failing' } };
  return !isGood && isTripped(after)
    ? { ...after, breaker: { kind: 'open', untilMs: nowMs + FIRST_OPEN_MS, openMs: FIRST_OPEN_MS } }
    : after;
}

function afterProbe(
  health: TargetHealth,
  { openMs }: { openMs: number },
  { outcome, isReplay, nowMs }: { outcome: Outcome; isReplay: boolean; nowMs: number },
): TargetHealth {
  if (isSuccess(outcome)) return { ...health, breaker: { kind: 'closed' }, minutes: [], timeoutsInARow: 0 };
  // It showed nothing about the receiver: the next attempt is the probe.
  if (!isSample(outcome)) return health;
  const after = isReplay ? health : { ...health, failing: failedOnceMore(health.failing, nowMs) };
  if (isGivenUp(after, nowMs)) return { ...after, breaker: { kind: 'disabled', because: 'failing' } };
  const nextMs = isReplay ? openMs : Math.min(openMs * 2, LONGEST_OPEN_MS);
  return { ...after, breaker: { kind: 'open', untilMs: nowMs + nextMs, openMs: nextMs } };
}

function disabledBy(outcome: Outcome): 'asked' | 'gone' | null {
  if (outcome.kind !== 'response' || isSuccess(outcome)) return null;
  if (outcome.instruction === 'disable') return 'asked';
  return outcome.status === 410 ? 'gone' : null;
}

function failedOnceMore(failing: Failing | null, nowMs: number): Failing {
  const day = Math.floor(nowMs / DAY_MS);
  if (failing === null) return { sinceMs: nowMs, count: 1, days: 1, lastDay: day };
  const days = failing.days + (day > failing.lastDay ? 1 : 0);
  return { ...failing, count: failing.count + 1, days, lastDay: day };
}

function isGivenUp({ failing }: TargetHealth, nowMs: number): boolean {
  if (failing === null || failing.count < GIVE_UP_FAILURES || failing.days < GIVE_UP_DAYS) return false;
  return nowMs - failing.sinceMs >= GIVE_UP_MS;
}

function openUntil({ breaker }: TargetHealth): number {
  return breaker.kind === 'open' ? breaker.untilMs : 0;
}

function sampled({ minutes }: TargetHealth, isGood: boolean, nowMs: number): TargetHealth['minutes'] {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const recent = minutes.filter((one) => one.minute > minute - WINDOW_MINUTES && one.minute !== minute);
  const { good, bad } = minutes.find((one) => one.minute === minute) ?? { good: 0, bad: 0 };
  return [...recent, { minute, good: good + (isGood ? 1 : 0), bad: bad + (isGood ? 0 : 1) }];
}

function isTripped({ minutes, timeoutsInARow }: TargetHealth): boolean {
  const bad = minutes.reduce((sum, one) => sum + one.bad, 0);
  const all = minutes.reduce((sum, one) => sum + one.good, bad);
  return timeoutsInARow >= MAX_TIMEOUTS || (all >= MIN_SAMPLES && bad / all >= MAX_FAILED_SHARE);
}
