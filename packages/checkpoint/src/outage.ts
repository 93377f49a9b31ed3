import { isDatabaseUnavailable, isDenied, isOverLimit, sqlState } from '@runlane/postgres';

/** Errors, other than limits, that the rows of one statement may cause: lack of memory, unreadable files. */
const TOO_MUCH = /^(53200|58...)$/;

/**
 * Whether a statement was too much for the server, because of load or of the statement itself. Unlike after an outage, it
 * may never succeed, so it is not repeated without end.
 */
export function hasOverrun(error: unknown): boolean {
  return isOverLimit(error) || TOO_MUCH.test(sqlState(error) ?? '');
}

/** Whether the database is away, denies us, or cannot write at all, for example because of a full disk: every call can succeed later. */
export function isOutage(error: unknown): boolean {
  return (isDatabaseUnavailable(error) || isDenied(error)) && !hasOverrun(error);
}
