import {
  CommitUnknownError,
  SQLSTATE,
  isOverLimit,
  isDatabaseUnavailable,
  isRetryableConflict,
  sqlState,
} from '@runlane/postgres';
import { OverrunError, RetryableError } from '@runlane/service-kit';

/** Tries of a transaction that another one got in the way of, before the caller hears of it. */
const MAX_CONFLICTS = 5;

/**
 * Runs a call on the database and tells "away, say the same again" (RetryableError) and "over a limit, say it again alone
 * and later" (OverrunError) from a failure of its own.
 * Deadlocks and unique violations come from a transaction that was faster: the call is repeated and sees its result.
 */
export async function onDatabase<T>(call: () => Promise<T>): Promise<T> {
  for (let conflicts = 1; ; conflicts += 1) {
    try {
      return await call();
    } catch (error) {
      if (isConflict(error) && conflicts < MAX_CONFLICTS) continue;
      if (isOverLimit(error)) throw new OverrunError('The database took too long.', { cause: error });
      if (isDatabaseUnavailable(error) || error instanceof CommitUnknownError) {
        throw new RetryableError('The database is not available.', { cause: error });
      }
      throw error;
    }
  }
}

function isConflict(error: unknown): boolean {
  return isRetryableConflict(error) || sqlState(error) === SQLSTATE.uniqueViolation;
}
