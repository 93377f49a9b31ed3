/**
 * How fast a receiver accepts webhooks, as far as its throttling shows (429, or 503 with Retry-After). Instants are
 * milliseconds since 1970.
 *
 *   free ──throttled──▶ pause, then one request ──good──▶ seeking: a third faster with each good answer
 *    ▲                    ▲                                  │ throttled: the limit lies between the last two rates
 *    │                    └──throttled── known limit ◀───────┘
 *    └── unthrottled for 10 periods ──────────┘   starts 10 % below it, is back at it after a period, and gropes beyond
 *
 * A period is a minute, or ten pauses or thirty requests when those take longer (an hour at most), so that pauses cost a
 * small share of the time. Slots are halved
 * by each throttling, and one comes back with each period. Requests that were sent before the last throttling arrived
 * prolong the pause and change nothing else: they report the same throttling.
 */
import { MAX_RETRY_AFTER_SECONDS } from '@runlane/webhooks';

const SECOND_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_OWN_PAUSE_MS = 60_000;
const SHORTEST_PERIOD_MS = 60_000;
const PAUSES_PER_PERIOD = 10;
const REQUESTS_PER_PERIOD = 30;
const LONGEST_PERIOD_MS = 3_600_000;
const FREE_AFTER_PERIODS = 10;
const SEEKING_FACTOR = 1.3;
/** How far below the limit that was found the rate begins. */
const BACK_OFF = 0.1;
/** Throttled again immediately: the limit is far lower than assumed. */
const FAR_TOO_FAST = 0.7;
const AT_ONCE_PERIODS = 0.2;
/** One request in an hour; only pauses are slower. */
const SLOWEST_RATE = 1 / 3_600;

export type Pace = {
  /** When it was throttled last; null: it is free, and nothing of what follows counts. */
  throttledAtMs: number | null;
  /** Nothing is sent before. */
  pausedUntilMs: number;
  /** Length of that pause. */
  pauseMs: number;
  /** Throttlings without a good answer between. */
  inARow: number;
  /** Requests per second while the limit is sought. */
  seekingRate: number;
  /** Requests per second that it seems to accept; null while the limit is sought. */
  limit: number | null;
  /** Requests at once, as of the last throttling. */
  slots: number;
  /** When the next request may go, by its rate. */
  nextAtMs: number;
};

export const FREE_PACE: Pace = {
  throttledAtMs: null,
  pausedUntilMs: 0,
  pauseMs: 0,
  inARow: 0,
  seekingRate: 0,
  limit: null,
  slots: 0,
  nextAtMs: 0,
};

/** `atMs`: nothing before; `slots`: requests that may be in flight then. */
export type PacePermission = { atMs: number; slots: number };

/**
 * @param mostSlots what a free receiver gets
 * @param fixedRate requests per second that the operator allows; null for no such limit
 */
export function paceOf(pace: Pace, nowMs: number, mostSlots: number, fixedRate: number | null = null): PacePermission {
  if (isFree(pace, nowMs)) return { atMs: fixedRate === null ? 0 : pace.nextAtMs, slots: mostSlots };
  const atMs = Math.max(pace.pausedUntilMs, pace.nextAtMs);
  if (pace.inARow > 0) return { atMs, slots: 1 };
  return { atMs, slots: Math.min(mostSlots, pace.slots + Math.floor(periodsSince(pace, nowMs))) };
}

/** Notes that a request is about to be sent. The same object when there is nothing to note. */
export function onPacedSend(pace: Pace, nowMs: number, fixedRate: number | null = null): Pace {
  const rate = Math.min(rateOf(pace, nowMs), fixedRate ?? Infinity);
  if (rate === Infinity) return pace;
  // A request that is late by less than its interval does not delay the next ones.
  const turnMs = SECOND_MS / rate;
  const plannedMs = nowMs - pace.nextAtMs < turnMs ? pace.nextAtMs : nowMs;
  return { ...pace, nextAtMs: plannedMs + turnMs };
}

/** Notes an answer that was no throttling and no failure. Returns the same object when nothing changes. */
export function onTaken(pace: Pace, nowMs: number): Pace {
  if (pace.throttledAtMs === null) return pace;
  if (isFree(pace, nowMs)) return FREE_PACE;
  const seekingRate = pace.limit === null && pace.inARow === 0 ? pace.seekingRate * SEEKING_FACTOR : pace.seekingRate;
  return { ...pace, seekingRate, inARow: 0 };
}

/**
 * Notes a throttling.
 *
 * @param retryAfterSeconds what it asked for; null when it did not
 * @param sentAtMs when the request was sent that was answered so
 * @param random a number in [0, 1): pauses that began together end apart
 * @param mostSlots what a free receiver gets
 */
export function onThrottled(
  pace: Pace,
  about: { retryAfterSeconds: number | null; sentAtMs: number; nowMs: number; random: number; mostSlots: number },
): Pace {
  const { retryAfterSeconds, sentAtMs, nowMs, random, mostSlots } = about;
  const isOldNews = pace.throttledAtMs !== null && sentAtMs <= pace.throttledAtMs;
  const inARow = isOldNews ? pace.inARow : pace.inARow + 1;
  const ownMs = Math.min(FIRST_PAUSE_MS * 2 ** (inARow - 1), LONGEST_OWN_PAUSE_MS);
  const askedMs = retryAfterSeconds === null ? ownMs : Math.max(retryAfterSeconds * SECOND_MS, 1);
  const pauseMs = Math.min(askedMs * (1 + 0.1 * random), MAX_RETRY_AFTER_SECONDS * SECOND_MS);
  const pausedUntilMs = Math.max(pace.pausedUntilMs, nowMs + pauseMs);
  if (isOldNews) return { ...pace, pausedUntilMs };
  const slots = isFree(pace, nowMs) ? mostSlots : paceOf({ ...pace, inARow: 0 }, nowMs, mostSlots).slots;
  return {
    ...limitsAfter(pace, nowMs, pauseMs),
    throttledAtMs: nowMs,
    pausedUntilMs,
    pauseMs,
    inARow,
    slots: Math.max(1, Math.floor(slots / 2)),
    nextAtMs: pausedUntilMs,
  };
}

function limitsAfter(pace: Pace, nowMs: number, pauseMs: number): Pick<Pace, 'limit' | 'seekingRate'> {
  if (isFree(pace, nowMs)) {
    return { limit: null, seekingRate: SECOND_MS / Math.max(pauseMs, FIRST_PAUSE_MS) };
  }
  if (pace.inARow > 0) {
    // The one request after the pause was refused too: the pause was too short.
    const lower = (rate: number): number => Math.max(rate * FAR_TOO_FAST, SLOWEST_RATE);
    return { limit: pace.limit === null ? null : lower(pace.limit), seekingRate: lower(pace.seekingRate) };
  }
  if (pace.limit === null)
    return { limit: pace.seekingRate / Math.sqrt(SEEKING_FACTOR), seekingRate: pace.seekingRate };
  const rate = rateOf(pace, nowMs);
  const isFarOff = periodsSince(pace, nowMs) < AT_ONCE_PERIODS;
  return { limit: Math.max(isFarOff ? rate * FAR_TOO_FAST : rate, SLOWEST_RATE), seekingRate: pace.seekingRate };
}

/** Requests per second; Infinity when it is free. */
function rateOf(pace: Pace, nowMs: number): number {
  if (isFree(pace, nowMs)) return Infinity;
  if (pace.limit === null) return pace.seekingRate;
  // Steep, flat around the limit, steep again: most of the time is spent close below it.
  return pace.limit * (1 + BACK_OFF * (periodsSince(pace, nowMs) - 1) ** 3);
}

function isFree(pace: Pace, nowMs: number): boolean {
  return pace.throttledAtMs === null || periodsSince(pace, nowMs) >= FREE_AFTER_PERIODS;
}

/** Periods since the pause ended. */
function periodsSince({ pausedUntilMs, pauseMs, limit }: Pace, nowMs: number): number {
  const forRequestsMs = limit === null ? 0 : Math.min((REQUESTS_PER_PERIOD / limit) * SECOND_MS, LONGEST_PERIOD_MS);
  const periodMs = Math.max(
    SHORTEST_PERIOD_MS,
    Math.min(pauseMs * PAUSES_PER_PERIOD, LONGEST_PERIOD_MS),
    forRequestsMs,
  );
  return Math.max(0, nowMs - pausedUntilMs) / periodMs;
}
