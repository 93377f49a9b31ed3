import { RunlaneError, retrying } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { DatabaseAccess } from './database-access.ts';
import { SQLSTATE, isServerError, sqlState } from '../sqlstate.ts';

export type WhenAllowedOptions = {
  /** What is prepared, for the log: `schema runlane`. */
  what: string;
  signal: AbortSignal;
  logger: Logger;
  /** Tells people of a lacking grant, for as long as it is waited for. */
  access?: Pick<DatabaseAccess, 'note' | 'granted'>;
  /** False: what would be waited for is thrown. Default true. */
  mayWait?: boolean;
};

const TRY_AGAIN_MS = 2_000;
/** How often the same message is logged again, in milliseconds. */
const SAY_AGAIN_MS = 60_000;

const GRANT_ADVICE =
  'Let a role with the permission bring the database up to date, such as by starting one process with its DATABASE_URL, ' +
  'or grant the role of DATABASE_URL the missing permission.';
const OUTDATED_ADVICE = 'This process writes nothing. It goes on by itself if the database is restored to its version.';

/**
 * Prepares the database as soon as it can: while the role lacks a grant, or this program is too old for the schema, it waits,
 * and that is logged once a minute. Another process may prepare it in the meantime.
 *
 * @throws what `work` throws for another reason; the signal's reason when it aborts
 */
export async function whenAllowed<T>(
  work: () => Promise<T>,
  { what, signal, logger, access, mayWait = true }: WhenAllowedOptions,
): Promise<T> {
  let saidAtMs: number | null = null;
  const result = await retrying(work, {
    signal,
    isRetryable: (error) => mayWait && (isOutdated(error) || isForbidden(error)),
    backoff: () => TRY_AGAIN_MS,
    onRetry: ({ error }) => {
      if (!isOutdated(error)) return access?.note(error, GRANT_ADVICE);
      const nowMs = performance.now();
      if (saidAtMs !== null && nowMs - saidAtMs < SAY_AGAIN_MS) return;
      saidAtMs = nowMs;
      logger.error({ err: error, what, advice: OUTDATED_ADVICE }, 'schema.outdated');
    },
  });
  access?.granted();
  return result;
}

function isOutdated(error: unknown): boolean {
  return error instanceof RunlaneError && error.code === 'schema_outdated';
}

/** Not an error of ours that has it for its cause and says what to do about it. */
function isForbidden(error: unknown): boolean {
  const isRaw = isServerError(error) || (error instanceof RunlaneError && error.code === 'migration_failed');
  return isRaw && sqlState(error) === SQLSTATE.insufficientPrivilege;
}
