/** A look of two seconds comes every 40 seconds. */
const REST_PER_LOOK = 20;
/** Most of the time of a long look is waiting, for a lock or a server that is frozen. Who looks must not stay blind after it. */
const LONGEST_REST_MS = 60_000;

/**
 * How long to rest after a look at the database that nobody waits for, in milliseconds: so long that looks take at most a
 * twentieth of the time of a connection, and no longer than a minute.
 *
 * @param everyMs the rest after a short look
 */
export function restAfterLook(everyMs: number, tookMs: number): number {
  return Math.max(everyMs, Math.min(tookMs * REST_PER_LOOK, LONGEST_REST_MS));
}
