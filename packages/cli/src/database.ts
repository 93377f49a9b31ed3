import { Database, SQLSTATE, createPool, refusalIn, sqlState } from '@runlane/postgres';
import {
  ConfigError,
  OverrunError,
  RetryableError,
  createLogger,
  currentSecret,
  loadConfig,
  runlaneVariables,
} from '@runlane/service-kit';
import type { Pool } from 'pg';
import { CommandError, messageOf, withAdvice } from './command-error.ts';
import type { Environment } from './settings.ts';

/** The deployment's database. `place` names it for people, without its password. */
export type OpenDatabase = { database: Database; pool: Pool; place: string; checkpointSchema: string };

const variables = runlaneVariables.pick({
  DATABASE_URL: true,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_CHECKPOINT_SCHEMA: true,
});

/**
 * Does work on the database that DATABASE_URL names, and closes the connection.
 *
 * @param options `statementTimeoutMs`: how long one statement may take, in milliseconds
 * Thrown: ConfigError; CommandError when the database is away, refuses, or has no tables of Runlane.
 */
export async function withDatabase<T>(
  environment: Environment,
  work: (opened: OpenDatabase) => Promise<T>,
  { statementTimeoutMs = 30_000 }: { statementTimeoutMs?: number } = {},
): Promise<T> {
  const config = loadConfig(variables, environment);
  const url = () => currentSecret(config, 'DATABASE_URL') ?? config.DATABASE_URL;
  const place = placeOf(url());
  const logger = createLogger({ service: 'runlane', level: 'silent' });
  const pool = createPool({ url, max: 4, applicationName: 'runlane', logger, statementTimeoutMs });
  try {
    return await work({
      database: new Database(pool),
      pool,
      place,
      checkpointSchema: config.RUNLANE_CHECKPOINT_SCHEMA,
    });
  } catch (error) {
    if (error instanceof CommandError || error instanceof ConfigError) throw error;
    throw databaseError(error, place) ?? error;
  } finally {
    await pool.end();
  }
}

/** Host, port and database of a Postgres URL. */
export function placeOf(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  return `${url.host || url.searchParams.get('host') || 'localhost'}${url.pathname}`;
}

function databaseError(error: unknown, place: string): CommandError | null {
  if (error instanceof OverrunError) {
    return new CommandError(`The database ${place} took too long. Ask for less, or for a shorter time.`);
  }
  const refusal = refusalIn(error);
  if (refusal?.isConnection === true) {
    return new CommandError(withAdvice(`The database ${place} refuses: ${refusal.message}`, refusal.advice));
  }
  if (error instanceof RetryableError) {
    const cause = error.cause instanceof Error ? error.cause.message : '';
    return new CommandError(`The database ${place} is not available: ${cause || error.message}`);
  }
  const state = sqlState(error);
  if (state === null) return null;
  if (state === SQLSTATE.undefinedTable || state === SQLSTATE.undefinedColumn) {
    return new CommandError(
      `The database ${place} lacks the tables of Runlane, or has older ones. Start a service of this version, or ` +
        'run `runlane migrate`; or set DATABASE_URL to another database.',
    );
  }
  const why = `The database ${place} refuses: ${messageOf(error)}`;
  if (state !== SQLSTATE.insufficientPrivilege) return new CommandError(why);
  return new CommandError(
    withAdvice(why, 'Use the role of the services, or grant the role of DATABASE_URL the missing permission.'),
  );
}
