import { SQLSTATE, isDatabaseUnavailable, sqlState } from '@runlane/postgres';

/**
 * What one statement may be to blame for, by its size, its locks or the rows it touches: its time, a lock, a temporary
 * file, the server's memory, and files that cannot be read.
 */
const OVERRUN = new RegExp(`^(?:${SQLSTATE.queryCanceled}|${SQLSTATE.lockNotAvailable}|53400|53200|58...)$`);

/**
 * Whether a statement was too much for the server: load, or the statement itself. Unlike an outage it may never succeed, so
 * it is not repeated without end.
 */
export function hasOverrun(error: unknown): boolean {
  return OVERRUN.test(sqlState(error) ?? '');
}

/** Whether the database is away or cannot write at all, a full disk included: whatever was asked can succeed later. */
export function isOutage(error: unknown): boolean {
  return isDatabaseUnavailable(error) && !hasOverrun(error);
}
