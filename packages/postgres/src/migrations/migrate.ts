/**
 * Purpose   Brings one schema up to date from a folder of SQL files; ordering and bookkeeping are node-pg-migrate's.
 * M1        One process migrates at a time. The lock is polled, not waited for: a waiting statement holds a snapshot,
 *           and `create index concurrently` in the migrating process would wait for it for ever.
 * M2        A migration waits at most LOCK_WAIT_MS for a table, because every query on that table then waits behind it.
 *           It is rolled back and tried again instead.
 * M3        Everything ends within `timeoutMs`, or as soon as a migration fails; migrations done until then stay.
 */
import { fileURLToPath } from 'node:url';
import { RunlaneError, retrying } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate';
import type { Client } from 'pg';
import { openConnection } from '../dedicated-connection.ts';
import { isDatabaseUnavailable, isRetryableConflict } from '../failures.ts';
import { listMigrations, readMigrations } from './migration-files.ts';
import type { Migration } from './migration-files.ts';
import { describeOutdated, readApplied, standingOf } from './schema-standing.ts';
import type { SchemaStanding } from './schema-standing.ts';
import { applySettings } from '../session-settings.ts';

export type MigrateOptions = {
  databaseUrl: string;
  /** Folder with the NNNN_verb_noun.sql files; other files in it are left alone. */
  directory: string | URL;
  /**
   * Schema the migrations belong to, such as `runlane`. It is created, is the search path of the migrations (functions
   * and types elsewhere need their schema's name) and holds the table `migrations`.
   */
  schema: string;
  logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** Longest to wait for other processes and for locks, in milliseconds. Default 120 000. */
  timeoutMs?: number;
};

const LOCK_POLL_MS = 200;
const LOCK_WAIT_MS = 2_000;
const DEFAULT_TIMEOUT_MS = 120_000;
/** A frozen migrator gives the lock back after this; a living one never idles in a transaction for so long. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/**
 * Applies the migrations that are missing, in the order of their numbers, each in one transaction, and returns their
 * names without `.sql`. Any number of processes may call it at once: one migrates, the others wait and find it done.
 * A file whose first line is `-- no transaction` runs outside of one and must be a single statement that may be repeated
 * (`create index concurrently if not exists …`). Needs a direct connection: session locks do not work through a pooler
 * in transaction mode.
 *
 * @throws RunlaneError `schema_outdated` when this program is too old for the schema; `migration_failed` naming the
 *   migration; `migration_lock_timeout` naming who holds the lock;
 *   `migration_file_invalid`; the driver's error when the database is unavailable
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { logger, schema } = options;
  const directory = options.directory instanceof URL ? fileURLToPath(options.directory) : options.directory;
  const known = await listMigrations(directory);
  const deadline = AbortSignal.timeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);

  const config = {
    connectionString: options.databaseUrl,
    application_name: `runlane migrate ${schema}`,
  };
  // Closing the connection gives the lock back.
  await using connection = await openConnection(config, logger);
  await applySettings(connection.client, options.databaseUrl, {
    lock_timeout: LOCK_WAIT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  });
  const standing = standingOf(known, await readApplied(connection.client, schema));
  if (standing.kind === 'outdated') throw outdated(schema, standing);
  // Without a lock or a statement that needs more than the tables: a service need not own its schema.
  if (standing.kind === 'current') return [];
  await lockMigrations(connection.client, deadline, logger);
  const started = new Set<string>();
  await retrying(() => applyMissing(connection.client, directory, options, started), {
    signal: deadline,
    isRetryable: isRetryableConflict,
    onRetry: ({ error, delayMs }) =>
      logger.warn({ err: error, retry_in_ms: delayMs, schema }, 'migration.lock_awaited'),
  });
  const applied = [...started];
  logger.info({ schema, applied }, 'database.migrated');
  return applied;
}

async function lockMigrations(client: Client, deadline: AbortSignal, logger: MigrateOptions['logger']): Promise<void> {
  await retrying(() => tryLock(client), {
    signal: deadline,
    isRetryable: (error) => error instanceof RunlaneError && error.retryable,
    backoff: () => LOCK_POLL_MS,
    onRetry: ({ attempt }) => {
      if (attempt === 1) logger.info('migration.turn_awaited');
    },
  }).catch(async (cause: unknown) => {
    if (!deadline.aborted) throw cause;
    throw new RunlaneError({
      code: 'migration_lock_timeout',
      message: `Another process has been migrating this database for too long: ${await lockHolder(client)}. End it if it hangs.`,
      retryable: true,
    });
  });
}

async function tryLock(client: Client): Promise<void> {
  const { rows } = await client.query<{ is_mine: boolean }>(
    `select pg_try_advisory_lock(${PG_MIGRATE_LOCK_ID}::bigint) as is_mine`,
  );
  if (rows[0]?.is_mine !== true) {
    throw new RunlaneError({ code: 'migration_lock_taken', message: 'Another process migrates.', retryable: true });
  }
}

async function lockHolder(client: Client): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(
    `select format('backend %s (%s, %s since %s)', pid, application_name, state, state_change) as holder
     from pg_locks
     join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and ((classid::bigint << 32) | objid::bigint) = ${PG_MIGRATE_LOCK_ID}::bigint`,
  );
  return rows[0]?.holder ?? 'it has just ended';
}

/** One pass of node-pg-migrate; adds the migrations it begins to `started`. Leaves no open transaction behind. */
async function applyMissing(
  client: Client,
  directory: string,
  { logger, schema }: MigrateOptions,
  started: Set<string>,
): Promise<void> {
  let current: Migration | null = null;
  const onStart = (migration: Migration): void => {
    current = migration;
    started.add(migration.name);
  };
  const log = (text: string): void => logger.debug({ schema, text }, 'migration.said');
  try {
    await runner({
      dbClient: client,
      dir: directory,
      ignorePattern: String.raw`(?!\d+_.*\.sql$).*`,
      direction: 'up',
      schema,
      createSchema: true,
      migrationsTable: 'migrations',
      noLock: true,
      migrationLoaderStrategies: [{ extensions: ['.sql'], loader: (paths) => readMigrations(paths, onStart) }],
      logger: { info: log, warn: log, error: log },
    });
  } catch (cause) {
    if (isDatabaseUnavailable(cause)) throw cause;
    if (client.getTransactionStatus() !== 'I') await client.query('rollback');
    throw isRetryableConflict(cause) ? cause : migrationFailed(current, schema, cause);
  }
}

function outdated(schema: string, standing: SchemaStanding & { kind: 'outdated' }): RunlaneError {
  return new RunlaneError({ code: 'schema_outdated', message: describeOutdated(schema, standing), retryable: true });
}

function migrationFailed(current: Migration | null, schema: string, cause: unknown): RunlaneError {
  const what =
    current === null ? `The migrations of schema ${schema} cannot be applied` : `Migration ${current.name} failed`;
  const position = cause instanceof Error && 'position' in cause ? Number(cause.position) : Number.NaN;
  const line =
    current === null || Number.isNaN(position) ? '' : ` (line ${current.text.slice(0, position).split('\n').length})`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RunlaneError({ code: 'migration_failed', message: `${what}: ${reason}${line}.`, cause });
}
