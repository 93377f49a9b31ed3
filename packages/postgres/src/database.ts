import { OverrunError, RetryableError } from '@runlane/service-kit';
import type { Pool, PoolClient } from 'pg';
import { isDatabaseUnavailable, isOverLimit, isRetryableConflict } from './failures.ts';
import { query } from './sql.ts';
import type { SqlStatement, SqlValues } from './sql.ts';
import { SQLSTATE, sqlState } from './sqlstate.ts';
import { CommitUnknownError, withTransaction } from './transaction.ts';

/** Tries of a call that conflicts with another transaction, before the caller gets the error. */
const MAX_CONFLICTS = 5;

/**
 * Purpose   The database as services see it: its failures as errors that say what to do about them.
 * Repeats   Calls that conflict with another transaction are repeated: after a deadlock or a unique violation the repetition
 *           sees the result of the faster one. So work may run several times, and keeps nothing from a try before.
 * Thrown    RetryableError while the database is away or an outcome is unknown: the same may be said again (I11).
 *           OverrunError for what went over a limit: it may be said again, alone and later. Everything else as it is.
 */
export class Database {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Runs one statement and returns its rows; see `query`, which is for statements within a transaction. */
  query<Row>(statement: SqlStatement, values: SqlValues = {}): Promise<Row[]> {
    return this.run((pool) => query<Row>(pool, statement, values));
  }

  /** Runs `work` in one transaction: commits when it returns, rolls back when it throws. See `withTransaction`. */
  transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.run((pool) => withTransaction(pool, work));
  }

  /** Runs `work` on the pool, for code that speaks to the driver itself. What it has committed is not undone by a repetition. */
  async run<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work(this.#pool);
      } catch (error) {
        if (isConflict(error) && tries < MAX_CONFLICTS) continue;
        throw toServiceError(error);
      }
    }
  }
}

function isConflict(error: unknown): boolean {
  return isRetryableConflict(error) || sqlState(error) === SQLSTATE.uniqueViolation;
}

function toServiceError(error: unknown): unknown {
  if (isOverLimit(error)) return new OverrunError('The database took too long.', { cause: error });
  if (isDatabaseUnavailable(error) || error instanceof CommitUnknownError) {
    return new RetryableError('The database is not available.', { cause: error });
  }
  return error;
}
