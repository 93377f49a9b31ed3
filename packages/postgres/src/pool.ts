import { RunlaneError, backoff, retrying } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import pg from 'pg';
import { columnTypes } from './column-types.ts';
import { clientAt, currentUrl, lentClientAt } from './database-url.ts';
import type { DatabaseUrl } from './database-url.ts';
import { adviceOn, isRefusedConnection, knownAdviceOn } from './access/connection-advice.ts';
import { isDatabaseUnavailable } from './failures.ts';
import { requireOwnSession } from './own-session.ts';
import { applySettings } from './session-settings.ts';

export type PoolOptions = {
  /** Postgres URL. Its own parameters win over the settings here. */
  url: DatabaseUrl;
  /** Most connections. Default 10. */
  max?: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  logger: Logger;
  /** Told of every error that the server answers, and of connections that cannot be made, whoever asked. Must not throw. */
  onRefused?: (error: unknown) => void;
  /**
   * Longest a statement may take, in milliseconds, on the server; somewhat later the driver gives up on the connection,
   * because a frozen server does not keep its own limits (see `readMarginMs`). Default: `statement_timeout` of the URL, in
   * milliseconds, for those who raise it for heavy records. What is given here is the driver's limit whatever the URL says.
   */
  statementTimeoutMs?: number;
  /** The same where neither `statementTimeoutMs` nor the URL says it. Default 30 000. */
  defaultStatementTimeoutMs?: number;
  /** Longest to wait for a connection, free or new, in milliseconds. Default 5 000. */
  connectTimeoutMs?: number;
  /** How much later than the server the driver gives a statement up, in milliseconds. Default 2 000. */
  readMarginMs?: number;
};

/** Shorter than the shortest sensible lease. */
const CONNECT_TIMEOUT_MS = 5_000;
const READ_MARGIN_MS = 2_000;
/** A frozen process must not keep row locks for longer than others can wait for them (I3, I10). */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** Long enough to keep connections through quiet minutes, short enough to move to the new primary after a failover. */
const IDLE_MS = 60_000;
const LIFETIME_SECONDS = 1_800;

/**
 * A pool that survives the loss of its server: broken connections, idle or in use, are logged and replaced, and never end
 * the process. `int8` is read as bigint. A transaction that is left idle for 10 s is ended by the server. Close it with
 * `pool.end()`, which waits for connections in use.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...poolConfig(options),
    Client: clientAt(options.url, options.onRefused),
    types: columnTypes,
  });
  survivingLosses(pool, options.logger);
  return pool;
}

/**
 * The settings of `createPool` for a pool that a library makes, which reads `int8` as the driver does. A connection whose
 * server does not answer in time ends itself: a library may give it back to its pool as if nothing had happened. Call
 * `survivingLosses` with the pool.
 */
export function poolConfig(options: PoolOptions): pg.PoolConfig {
  const statementTimeoutMs =
    options.statementTimeoutMs ?? limitOf(currentUrl(options.url)) ?? options.defaultStatementTimeoutMs ?? 30_000;
  // The pool waits for what it returns, which its types do not know.
  const onConnect = (client: pg.ClientBase): unknown =>
    applySettings(client, currentUrl(options.url), {
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    });
  return {
    connectionString: currentUrl(options.url),
    // Each connection by the URL of its moment.
    Client: lentClientAt(options.url, options.onRefused),
    application_name: options.applicationName,
    max: options.max ?? 10,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    // None where the URL says that there is none.
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + (options.readMarginMs ?? READ_MARGIN_MS),
    onConnect,
  };
}

/** Logs broken connections; without a listener they would end the process. `name` begins the event names. */
export function survivingLosses(pool: NodeJS.EventEmitter, logger: Logger, name = 'database'): void {
  pool.on('error', (err: Error) => logger.warn({ err }, `${name}.idle_connection_lost`));
  // The pool listens only while a connection is idle. One that breaks between two statements of a transaction would
  // otherwise be an unhandled 'error' event, which ends the process; its next statement reports the loss.
  pool.on('connect', (client: NodeJS.EventEmitter) => {
    client.on('error', (err: Error) => logger.debug({ err }, `${name}.connection_lost`));
  });
}

/** The time limit that a URL sets for statements, in milliseconds, as the driver reads it; null where it sets none. */
function limitOf(url: string): number | null {
  const text = URL.canParse(url) ? new URL(url).searchParams.get('statement_timeout') : null;
  const limitMs = Number.parseInt(text ?? '', 10);
  return Number.isNaN(limitMs) ? null : limitMs;
}

/**
 * Resolves as soon as the database answers and accepts writes. Waits for as long as it takes, and logs that.
 * A pooler that shares sessions is refused, see own-session.ts.
 *
 * @throws RunlaneError `database_refused` when it answers that it will never do, for example to a wrong password; the
 *   signal's reason when it aborts
 */
export async function waitForDatabase(pool: pg.Pool, options: { signal: AbortSignal; logger: Logger }): Promise<void> {
  const { signal, logger } = options;
  await retrying(() => askForPrimary(pool, logger), {
    signal,
    isRetryable: (error) =>
      (isDatabaseUnavailable(error) && !isRefusedConnection(error)) ||
      (error instanceof RunlaneError && error.retryable),
    backoff: (attempt) => backoff(attempt, { baseMs: 100, maxMs: 2_000 }, Math.random()),
    onRetry: ({ error, attempt, delayMs }) => {
      const advice = knownAdviceOn(error);
      const line = { err: error, attempt, retry_in_ms: delayMs, ...(advice === null ? {} : { advice }) };
      logger.warn(line, 'database.awaited');
    },
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new RunlaneError({
      code: 'database_refused',
      message: `The database refuses to work: ${cause instanceof Error ? cause.message : String(cause)}. ${adviceOn(cause)}`,
      cause,
    });
  });
}

const READ_ONLY_ADVICE =
  'Sessions of this user are read-only in this database: default_transaction_read_only is on. Look at ' +
  'pg_db_role_setting, and turn it off with ALTER ROLE … RESET or ALTER DATABASE … RESET default_transaction_read_only.';

async function askForPrimary(pool: pg.Pool, logger: Logger): Promise<void> {
  const client = await pool.connect();
  let advice: string | null = null;
  try {
    const { rows } = await client.query<{ is_standby: boolean; is_read_only: boolean }>(
      `select pg_is_in_recovery() as is_standby, current_setting('transaction_read_only')::boolean as is_read_only`,
    );
    if (rows[0]?.is_standby === true)
      advice = 'The server is a read-only standby. DATABASE_URL must lead to the primary.';
    else if (rows[0]?.is_read_only === true) advice = READ_ONLY_ADVICE;
  } finally {
    // What a role or a database sets reaches new sessions only.
    client.release(advice !== null);
  }
  if (advice !== null) throw new RunlaneError({ code: 'database_read_only', message: advice, retryable: true });
  await requireOwnSession(pool.options.connectionString ?? '', logger);
}
