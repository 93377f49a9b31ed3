/** A look of two seconds comes every 40 seconds. */
const REST_PER_LOOK = 20;
/** Of a look that is short by itself: when it took long it has waited, and who looks must not stay blind after that. */
const LONGEST_REST_MS = 60_000;

/**
 * How long to rest after a look at the database that nobody waits for, in milliseconds: so long that looks take at most a
 * twentieth of the time of a connection, and no longer than `longestMs`.
 *
 * @param everyMs the rest after a short look
 * @param longestMs default: a minute
 */
export function restAfterLook(everyMs: number, tookMs: number, longestMs = LONGEST_REST_MS): number {
  return Math.max(everyMs, Math.min(tookMs * REST_PER_LOOK, longestMs));
}
