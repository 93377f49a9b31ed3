/** `migrate`: brings the tables of both services, and LangGraph's, up to date. */
import { SQLSTATE, claimSchema, createPool, migrate, sqlState } from '@runlane/postgres';
import { RunlaneError, createLogger, currentSecret, loadConfig, runlaneVariables } from '@runlane/service-kit';
import { prepare } from '@runlane/run-consumer/prepare';
import { MIGRATIONS, SCHEMA } from '@runlane/webhook-dispatcher/prepare';
import { CommandError, messageOf, withAdvice } from './command-error.ts';
import { placeOf } from './database.ts';
import type { Output } from './output.ts';
import type { Environment } from './settings.ts';

const variables = runlaneVariables.pick({
  DATABASE_URL: true,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_CHECKPOINT_SCHEMA: true,
});
/** Longest wait for the server, and for another process that migrates, in milliseconds. */
const DEADLINE_MS = 300_000;

/** Thrown: ConfigError; CommandError when a migration fails, or the database is not there in time. */
export async function migrateDatabase(environment: Environment, output: Output): Promise<void> {
  const config = loadConfig(variables, environment);
  const databaseUrl = currentSecret(config, 'DATABASE_URL') ?? config.DATABASE_URL;
  const { RUNLANE_TOPIC_PREFIX: topicPrefix, RUNLANE_CHECKPOINT_SCHEMA: checkpointSchema } = config;
  const logger = createLogger({ service: 'runlane', level: 'silent' });
  const pool = createPool({ url: databaseUrl, max: 4, applicationName: 'runlane migrate', logger });
  const signal = AbortSignal.timeout(DEADLINE_MS);
  output.say(
    `Migrating ${placeOf(databaseUrl)}; waiting up to ${DEADLINE_MS / 60_000} minutes if the server is away …`,
  );
  try {
    await prepare({
      pool,
      databaseUrl,
      checkpointSchema,
      topicPrefix,
      langgraphConfig: environment['LANGGRAPH_CONFIG']?.trim() || null,
      environment: { ...environment },
      signal,
      logger,
      // Whoever calls it is the one who could be waited for.
      mayWait: false,
    });
    const webhooks = await migrate({ databaseUrl, directory: MIGRATIONS, schema: SCHEMA, logger });
    await claimSchema(pool, { schema: SCHEMA, topicPrefix, logger });
    output.print(
      { database: placeOf(databaseUrl), webhook_migrations: webhooks },
      `${placeOf(databaseUrl)} is up to date.`,
    );
  } catch (error) {
    const isForbidden = sqlState(error) === SQLSTATE.insufficientPrivilege;
    if (isForbidden || error instanceof RunlaneError || signal.aborted) {
      const advice = isForbidden
        ? 'Use the role that owns the tables, or grant the role of DATABASE_URL the missing permission.'
        : '';
      throw new CommandError(withAdvice(`${placeOf(databaseUrl)} was not migrated: ${messageOf(error)}`, advice));
    }
    throw error;
  } finally {
    await pool.end();
  }
}
