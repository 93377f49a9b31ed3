/**
 * What is remembered of an endpoint's answers, and what may be sent to it now. Instants are milliseconds since 1970.
 *
 *   breaker   closed ──10 samples, 70 % failed in 5 min, or 5 timeouts in a row──▶ open ──time is over──▶ one probe
 *                ▲                                                                   ▲                     │
 *                └──────────────── the probe succeeds ──────────────────────────────┼─────────────────────┤
 *                                                                     twice the time └── it fails ─────────┘
 *             any ──`disable`, or every attempt failed for 5 days──▶ disabled ──replay──▶ closed
 *
 *   outcome              sample      timeouts in a row   failing since   origin pauses
 *   2xx                  good        0                   none            –
 *   410, other answers   bad         0                   kept or now     Retry-After of 429 and 503
 *   abort-message        none        0                   kept            –
 *   timeout              bad         + 1                 kept or now     –
 *   other failures       bad         0                   kept or now     –
 *   stale_connection,
 *   blocked, ours        none        kept                kept            –
 *
 * Replays leave no trace (they are of the past), unless one is the probe of an open breaker: then it closes it, or keeps
 * it open for the same time again. Attempts that were under way when the breaker opened do not count either.
 */
import { MAX_RETRY_AFTER_SECONDS } from '@runlane/webhooks';
import { isSuccess } from './delivery.ts';
import type { Outcome } from './delivery.ts';

const MINUTE_MS = 60_000;
const WINDOW_MINUTES = 5;
const MIN_SAMPLES = 10;
const MAX_FAILED_SHARE = 0.7;
const MAX_TIMEOUTS = 5;
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 3_600_000;
const GIVE_UP_MS = 5 * 86_400_000;

/** Requests in flight per origin; one until it has answered 2xx once, so that nobody can aim us at a third party. */
export const ORIGIN_SLOTS = 4;
const PROBATION_PER_MINUTE = 5;

export type Breaker =
  | { kind: 'closed' }
  | { kind: 'open'; untilMs: number; openMs: number }
  | { kind: 'disabled'; because: 'asked' | 'failing' };

export type EndpointHealth = {
  breaker: Breaker;
  /** Samples of the last minutes, oldest first. */
  minutes: { minute: number; good: number; bad: number }[];
  timeoutsInARow: number;
  /** First failure after the last success; null after a success. */
  failingSinceMs: number | null;
  hasSucceeded: boolean;
  /** The origin asked for a pause until then; 0 for never. */
  pausedUntilMs: number;
  /** Requests that an origin on probation may be sent, as of `atMs`. */
  probation: { tokens: number; atMs: number };
};

/** Of an endpoint to which nothing was sent yet. */
export const UNKNOWN_HEALTH: EndpointHealth = {
  breaker: { kind: 'closed' },
  minutes: [],
  timeoutsInARow: 0,
  failingSinceMs: null,
  hasSucceeded: false,
  pausedUntilMs: 0,
  probation: { tokens: PROBATION_PER_MINUTE, atMs: 0 },
};

/** `slots`: requests that may be in flight; `isProbe`: the one slot is the breaker's probe. */
export type Permission =
  | { kind: 'send'; slots: number; isProbe: boolean }
  | { kind: 'wait'; untilMs: number }
  | { kind: 'never' };

export function permissionOf(health: EndpointHealth, nowMs: number): Permission {
  const { breaker, pausedUntilMs } = health;
  if (breaker.kind === 'disabled') return { kind: 'never' };
  const parkedUntilMs = parkedUntil(health);
  if (parkedUntilMs > nowMs) return { kind: 'wait', untilMs: Math.max(parkedUntilMs, pausedUntilMs) };
  const tokens = health.hasSucceeded ? 1 : tokensAt(health, nowMs);
  if (tokens < 1) return { kind: 'wait', untilMs: nowMs + Math.ceil((1 - tokens) * tokenMs()) };
  if (breaker.kind === 'open') return { kind: 'send', slots: 1, isProbe: true };
  return { kind: 'send', slots: health.hasSucceeded ? ORIGIN_SLOTS : 1, isProbe: false };
}

/** Until when nothing is sent to it; 0 when that is not so. Of a disabled one its replay decides. */
export function parkedUntil({ breaker, pausedUntilMs }: EndpointHealth): number {
  return Math.max(breaker.kind === 'open' ? breaker.untilMs : 0, pausedUntilMs);
}

/** Takes note that a request is about to be sent. */
export function onSend(health: EndpointHealth, nowMs: number): EndpointHealth {
  if (health.hasSucceeded) return health;
  return { ...health, probation: { tokens: tokensAt(health, nowMs) - 1, atMs: nowMs } };
}

/** `isProbe` as of the permission under which it was sent. */
export function afterAttempt(
  health: EndpointHealth,
  outcome: Outcome,
  { nowMs, isReplay, isProbe }: { nowMs: number; isReplay: boolean; isProbe: boolean },
): EndpointHealth {
  if (health.breaker.kind === 'disabled') return health;
  if (outcome.kind === 'response' && outcome.instruction === 'disable' && !isSuccess(outcome)) {
    return { ...health, breaker: { kind: 'disabled', because: 'asked' } };
  }
  const noted = { ...health, pausedUntilMs: Math.max(health.pausedUntilMs, pauseOf(outcome, nowMs)) };
  const isGood = isSuccess(outcome);
  if (isGood) noted.hasSucceeded = true;
  if (isProbe && health.breaker.kind === 'open') return afterProbe(noted, health.breaker, { outcome, isReplay, nowMs });
  if (isReplay || health.breaker.kind === 'open' || !isSample(outcome)) {
    return isAborted(outcome) && !isReplay ? { ...noted, timeoutsInARow: 0 } : noted;
  }
  if (isGood) return { ...noted, ...sampled(noted, true, nowMs), timeoutsInARow: 0, failingSinceMs: null };
  const isTimeout = outcome.kind === 'failed' && outcome.class === 'timeout';
  const failing: EndpointHealth = {
    ...noted,
    ...sampled(noted, false, nowMs),
    timeoutsInARow: isTimeout ? noted.timeoutsInARow + 1 : 0,
    failingSinceMs: noted.failingSinceMs ?? nowMs,
  };
  if (isGivenUp(failing, nowMs)) return { ...failing, breaker: { kind: 'disabled', because: 'failing' } };
  return isTripped(failing)
    ? { ...failing, breaker: { kind: 'open', untilMs: nowMs + FIRST_OPEN_MS, openMs: FIRST_OPEN_MS } }
    : failing;
}

function afterProbe(
  health: EndpointHealth,
  { openMs }: { openMs: number },
  { outcome, isReplay, nowMs }: { outcome: Outcome; isReplay: boolean; nowMs: number },
): EndpointHealth {
  if (isSuccess(outcome)) {
    const closed: EndpointHealth = { ...health, breaker: { kind: 'closed' }, minutes: [], timeoutsInARow: 0 };
    return isReplay ? closed : { ...closed, failingSinceMs: null };
  }
  // It told nothing about the receiver: the next attempt is the probe.
  if (!isSample(outcome)) return health;
  if (!isReplay && isGivenUp(health, nowMs)) return { ...health, breaker: { kind: 'disabled', because: 'failing' } };
  const nextMs = isReplay ? openMs : Math.min(openMs * 2, LONGEST_OPEN_MS);
  return { ...health, breaker: { kind: 'open', untilMs: nowMs + nextMs, openMs: nextMs } };
}

/** Whether the outcome says something about the receiver. */
function isSample(outcome: Outcome): boolean {
  if (outcome.kind === 'failed') return outcome.class !== 'stale_connection';
  return outcome.kind === 'response' && !isAborted(outcome);
}

function isAborted(outcome: Outcome): boolean {
  return outcome.kind === 'response' && outcome.instruction === 'abort-message' && !isSuccess(outcome);
}

function sampled({ minutes }: EndpointHealth, isGood: boolean, nowMs: number): Pick<EndpointHealth, 'minutes'> {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const recent = minutes.filter((one) => one.minute > minute - WINDOW_MINUTES && one.minute !== minute);
  const current = minutes.find((one) => one.minute === minute) ?? { minute, good: 0, bad: 0 };
  const { good, bad } = current;
  return { minutes: [...recent, { minute, good: good + (isGood ? 1 : 0), bad: bad + (isGood ? 0 : 1) }] };
}

function isTripped({ minutes, timeoutsInARow }: EndpointHealth): boolean {
  const bad = minutes.reduce((sum, one) => sum + one.bad, 0);
  const all = minutes.reduce((sum, one) => sum + one.good, bad);
  return timeoutsInARow >= MAX_TIMEOUTS || (all >= MIN_SAMPLES && bad / all >= MAX_FAILED_SHARE);
}

function isGivenUp({ failingSinceMs }: EndpointHealth, nowMs: number): boolean {
  return failingSinceMs !== null && nowMs - failingSinceMs >= GIVE_UP_MS;
}

function pauseOf(outcome: Outcome, nowMs: number): number {
  if (outcome.kind !== 'response' || outcome.retryAfterSeconds === null) return 0;
  if (outcome.status !== 429 && outcome.status !== 503) return 0;
  return nowMs + Math.min(outcome.retryAfterSeconds, MAX_RETRY_AFTER_SECONDS) * 1_000;
}

function tokenMs(): number {
  return MINUTE_MS / PROBATION_PER_MINUTE;
}

function tokensAt({ probation }: EndpointHealth, nowMs: number): number {
  const gained = Math.max(0, nowMs - probation.atMs) / tokenMs();
  return Math.min(PROBATION_PER_MINUTE, probation.tokens + gained);
}
