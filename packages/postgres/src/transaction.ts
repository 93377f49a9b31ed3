import { RunlaneError } from '@runlane/service-kit';
import type { Pool, PoolClient } from 'pg';
import { spoilsConnection } from './failures.ts';
import { SQLSTATE, isServerError } from './sqlstate.ts';

/**
 * Thrown when the connection died while a COMMIT was under way: the transaction may or may not have happened. Repeat
 * the work only if a repetition changes nothing, or look first.
 */
export class CommitUnknownError extends RunlaneError {
  override readonly name = 'CommitUnknownError';

  constructor(cause: unknown) {
    super({
      code: 'commit_unknown',
      message: 'The connection died during COMMIT: whether the transaction happened is unknown.',
      retryable: true,
      cause,
    });
  }
}

/**
 * Runs `work` in one transaction on one connection: commits when it returns, rolls back when it throws. Every query
 * that `work` begins must have ended when it returns or throws, because the connection then serves somebody else.
 *
 * @throws whatever `work` throws; {@link CommitUnknownError}; RunlaneError `transaction_aborted` when `work` swallowed
 *   the error of a statement, because such a transaction can only be rolled back
 */
export async function withTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isReusable = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await commit(client);
    isReusable = true;
    return result;
  } catch (error) {
    isReusable = await rollBack(client, error);
    throw error;
  } finally {
    client.release(!isReusable);
  }
}

async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('commit').catch((error: unknown) => {
    throw isDefinite(error) ? error : new CommitUnknownError(error);
  });
  // Postgres answers the COMMIT of a failed transaction with a successful ROLLBACK.
  if (command !== 'COMMIT') {
    throw new RunlaneError({
      code: 'transaction_aborted',
      message:
        'A statement of the transaction failed and its error was not thrown, so nothing was committed. ' +
        'Let the error leave the transaction, or put the statement behind a savepoint.',
    });
  }
}

/**
 * Whether the transaction certainly did not happen: the driver never sent the COMMIT, or the server said so, which it
 * cannot say once the session is ending.
 */
function isDefinite(error: unknown): boolean {
  if (!isServerError(error)) return error instanceof Error && error.message.endsWith('is not queryable');
  return error.code !== SQLSTATE.statementCompletionUnknown && !/^(08|53|57P|58|XX)/.test(error.code);
}

/** Returns whether the connection is clean and can be used again; if not, closing it rolls back on the server. */
async function rollBack(client: PoolClient, reason: unknown): Promise<boolean> {
  if (spoilsConnection(reason)) return false;
  if (client.getTransactionStatus() === 'I') return true;
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}
