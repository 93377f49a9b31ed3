/**
 * What is remembered of a host, and what may be sent to it now, over all of its URLs. Instants are milliseconds since 1970.
 *
 *   breaker   closed ──10 failures of the host in a row, or 5 timeouts──▶ open ──time is over──▶ one probe
 *                ▲                                                          ▲                     │
 *                └────────────── anything that shows the host alive ───────┼─────────────────────┤
 *                                                             twice the time └─ the host failed ──┘
 *
 *   outcome                      the host
 *   2xx, any answer below 500    is alive: its failures are forgotten (an answer of 404 speaks of a URL)
 *   dns, connect, tls            failed
 *   timeout, 5xx                 failed, once two URLs have said so: one alone speaks of itself
 *   throttled                    throttles, once two URLs have said so within a minute: then all of it gets slower
 *   protocol, stale_connection,
 *   blocked, ours                tells nothing
 *
 * Until it has answered 2xx once, it gets one request at a time and five in a minute, so that nobody can use Runlane against
 * a third party. Attempts that were under way when the breaker opened do not count.
 */
import { isSuccess, isThrottled } from './delivery.ts';
import type { Outcome } from './delivery.ts';
import { FREE_PACE, onPacedSend, onTaken, onThrottled, paceOf } from './pace.ts';
import type { Pace } from './pace.ts';

const MINUTE_MS = 60_000;
const MAX_FAILURES = 10;
const MAX_TIMEOUTS = 5;
const FIRST_OPEN_MS = 30_000;
/** Shorter than the pause of a URL: many URLs wait for it, and any of them may succeed again. */
const LONGEST_OPEN_MS = 600_000;
const THROTTLED_TOGETHER_MS = 60_000;
/** A pause that two URLs asked for holds for the whole origin; at most this long, in seconds. */
const LONGEST_PAUSE_SECONDS = 60;
const PROBATION_PER_MINUTE = 5;

/** Who answers within this time, in milliseconds, gives a slot back soon. */
const QUICK_MS = 1_000;
/** The weight of the newest answer in how long they take. */
const NEWEST_ANSWER = 0.2;

/** Requests in flight to an origin, over all of its URLs. */
export const ORIGIN_SLOTS = 8;

export type OriginBreaker = { kind: 'closed' } | { kind: 'open'; untilMs: number; openMs: number };

export type OriginHealth = {
  breaker: OriginBreaker;
  /** Failures since the host was last seen alive: of how many URLs (two means two or more), and of which. */
  failures: { count: number; timeouts: number; voices: string[]; isCertain: boolean };
  hasSucceeded: boolean;
  /** Which URL was throttled last, and when. */
  throttled: { urlHash: string; atMs: number } | null;
  pace: Pace;
  /** Requests that an origin on probation may be sent, as of `atMs`. */
  probation: { tokens: number; atMs: number };
  /** How long its answers take, the last ones most, in milliseconds; what failed counts too. Null before the first. */
  answerMs: number | null;
};

const NO_FAILURES: OriginHealth['failures'] = { count: 0, timeouts: 0, voices: [], isCertain: false };

/** The health of an origin to which nothing was sent yet. */
export const UNKNOWN_ORIGIN: OriginHealth = {
  breaker: { kind: 'closed' },
  failures: NO_FAILURES,
  hasSucceeded: false,
  throttled: null,
  pace: FREE_PACE,
  probation: { tokens: PROBATION_PER_MINUTE, atMs: 0 },
  answerMs: null,
};

/** `slots`: requests that may be in flight; `isProbe`: the one slot is the breaker's probe. */
export type OriginPermission = { kind: 'send'; slots: number; isProbe: boolean } | { kind: 'wait'; untilMs: number };

/** @param fixedRate requests per second that the operator allows; null for no such limit */
export function originPermission(
  health: OriginHealth,
  nowMs: number,
  fixedRate: number | null = null,
): OriginPermission {
  const pace = paceOf(health.pace, nowMs, ORIGIN_SLOTS, fixedRate);
  const untilMs = Math.max(openUntil(health), pace.atMs);
  if (untilMs > nowMs) return { kind: 'wait', untilMs };
  const tokens = health.hasSucceeded ? 1 : tokensAt(health, nowMs);
  if (tokens < 1) return { kind: 'wait', untilMs: nowMs + Math.ceil((1 - tokens) * tokenMs()) };
  if (health.breaker.kind === 'open') return { kind: 'send', slots: 1, isProbe: true };
  return { kind: 'send', slots: health.hasSucceeded ? pace.slots : 1, isProbe: false };
}

/** Until when nothing is sent to it; 0 when it is not paused. */
export function originParkedUntil(health: OriginHealth): number {
  return Math.max(openUntil(health), health.pace.pausedUntilMs);
}

/** Whether the health was good and is unchanged, as far as any decision depends on it. */
export function isOriginStillWell(before: OriginHealth, after: OriginHealth): boolean {
  return (
    before.hasSucceeded &&
    before.breaker.kind === 'closed' &&
    after.breaker.kind === 'closed' &&
    before.failures.count === 0 &&
    after.failures.count === 0 &&
    before.throttled === after.throttled &&
    before.pace === after.pace &&
    isQuick(before) === isQuick(after)
  );
}

/**
 * Whether a slot that it gets is likely to be free again soon.
 *
 * @param waitedMs how long the oldest request to it has been under way; 0 without one
 */
export function isQuick({ answerMs }: OriginHealth, waitedMs = 0): boolean {
  return answerMs !== null && Math.max(answerMs, waitedMs) <= QUICK_MS;
}

/** Notes how long the receiver took to answer, or to fail. */
export function afterAnswerTime(health: OriginHealth, tookMs: number): OriginHealth {
  const beforeMs = health.answerMs ?? tookMs;
  return { ...health, answerMs: Math.round(beforeMs + (tookMs - beforeMs) * NEWEST_ANSWER) };
}

/** Notes that a request is about to be sent. */
export function onOriginSend(health: OriginHealth, nowMs: number, fixedRate: number | null = null): OriginHealth {
  const pace = onPacedSend(health.pace, nowMs, fixedRate);
  if (health.hasSucceeded) return pace === health.pace ? health : { ...health, pace };
  return { ...health, pace, probation: { tokens: tokensAt(health, nowMs) - 1, atMs: nowMs } };
}

export type OriginAttempt = { urlHash: string; sentAtMs: number; nowMs: number; isProbe: boolean; random: number };

/** `isProbe` as of the origin's permission under which it was sent. */
export function afterOriginAttempt(health: OriginHealth, outcome: Outcome, about: OriginAttempt): OriginHealth {
  const { nowMs, isProbe } = about;
  if (isThrottled(outcome)) return afterThrottling(health, outcome.retryAfterSeconds, about);
  if (isAlive(outcome)) {
    return {
      ...health,
      breaker: health.breaker.kind === 'open' && !isProbe ? health.breaker : { kind: 'closed' },
      failures: NO_FAILURES,
      hasSucceeded: health.hasSucceeded || isSuccess(outcome),
      pace: isSuccess(outcome) ? onTaken(health.pace, nowMs) : health.pace,
    };
  }
  const failure = failureOf(outcome);
  if (failure === null) return health;
  if (health.breaker.kind === 'open') {
    if (!isProbe) return health;
    const openMs = Math.min(health.breaker.openMs * 2, LONGEST_OPEN_MS);
    return { ...health, breaker: { kind: 'open', untilMs: nowMs + openMs, openMs } };
  }
  const { count, timeouts, voices, isCertain } = health.failures;
  const failures = {
    count: count + 1,
    timeouts: timeouts + (failure === 'timeout' ? 1 : 0),
    voices: voices.includes(about.urlHash) ? voices : [...voices, about.urlHash].slice(0, 2),
    isCertain: isCertain || failure === 'host',
  };
  const isTripped =
    (failures.count >= MAX_FAILURES || failures.timeouts >= MAX_TIMEOUTS) &&
    (failures.isCertain || failures.voices.length > 1);
  const breaker: OriginBreaker = isTripped
    ? { kind: 'open', untilMs: nowMs + FIRST_OPEN_MS, openMs: FIRST_OPEN_MS }
    : health.breaker;
  return { ...health, failures, breaker };
}

function afterThrottling(
  health: OriginHealth,
  retryAfterSeconds: number | null,
  { urlHash, sentAtMs, nowMs, isProbe, random }: OriginAttempt,
): OriginHealth {
  const { throttled } = health;
  const isOfTwo =
    throttled !== null && throttled.urlHash !== urlHash && nowMs - throttled.atMs <= THROTTLED_TOGETHER_MS;
  return {
    ...health,
    // A host that throttles is alive.
    breaker: isProbe ? { kind: 'closed' } : health.breaker,
    failures: NO_FAILURES,
    throttled: { urlHash, atMs: nowMs },
    pace: isOfTwo
      ? onThrottled(health.pace, {
          retryAfterSeconds: retryAfterSeconds === null ? null : Math.min(retryAfterSeconds, LONGEST_PAUSE_SECONDS),
          sentAtMs,
          nowMs,
          random,
          mostSlots: ORIGIN_SLOTS,
        })
      : health.pace,
  };
}

function isAlive(outcome: Outcome): boolean {
  return outcome.kind === 'response' && outcome.status < 500;
}

function failureOf(outcome: Outcome): 'host' | 'timeout' | 'answer' | null {
  if (outcome.kind === 'response') return 'answer';
  if (outcome.kind !== 'failed') return null;
  if (outcome.class === 'timeout') return 'timeout';
  return outcome.class === 'dns' || outcome.class === 'connect' || outcome.class === 'tls' ? 'host' : null;
}

function openUntil({ breaker }: OriginHealth): number {
  return breaker.kind === 'open' ? breaker.untilMs : 0;
}

function tokenMs(): number {
  return MINUTE_MS / PROBATION_PER_MINUTE;
}

function tokensAt({ probation }: OriginHealth, nowMs: number): number {
  const gained = Math.max(0, nowMs - probation.atMs) / tokenMs();
  return Math.min(PROBATION_PER_MINUTE, probation.tokens + gained);
}
