import { isDatabaseUnavailable, isOverLimit, sqlState } from '@runlane/postgres';

/** Besides a limit, what one statement may be to blame for by the rows it touches: the server's memory, unreadable files. */
const TOO_MUCH = /^(53200|58...)$/;

/**
 * Whether a statement was too much for the server: load, or the statement itself. Unlike an outage it may never succeed, so
 * it is not repeated without end.
 */
export function hasOverrun(error: unknown): boolean {
  return isOverLimit(error) || TOO_MUCH.test(sqlState(error) ?? '');
}

/** Whether the database is away or cannot write at all, a full disk included: whatever was asked can succeed later. */
export function isOutage(error: unknown): boolean {
  return isDatabaseUnavailable(error) && !hasOverrun(error);
}
