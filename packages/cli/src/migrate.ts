/** `migrate`: brings the tables of both services, and LangGraph's, up to date. */
import { claimSchema, createPool, migrate } from '@runlane/postgres';
import { RunlaneError, createLogger, currentSecret, loadConfig, runlaneVariables } from '@runlane/service-kit';
import { prepare } from '@runlane/run-consumer/prepare';
import { MIGRATIONS, SCHEMA } from '@runlane/webhook-dispatcher/prepare';
import { CommandError } from './command-error.ts';
import { placeOf } from './database.ts';
import type { Output } from './output.ts';
import type { Environment } from './settings.ts';

const variables = runlaneVariables.pick({
  DATABASE_URL: true,
  RUNLANE_TOPIC_PREFIX: true,
  RUNLANE_CHECKPOINT_SCHEMA: true,
});
/** Longest to wait for the server, for another one that migrates, and for what this role lacks, in milliseconds. */
const DEADLINE_MS = 300_000;

/** Thrown: ConfigError; CommandError when a migration fails, or the database is not there in time. */
export async function migrateDatabase(environment: Environment, output: Output): Promise<void> {
  const config = loadConfig(variables, environment);
  const databaseUrl = currentSecret(config, 'DATABASE_URL') ?? config.DATABASE_URL;
  const { RUNLANE_TOPIC_PREFIX: topicPrefix, RUNLANE_CHECKPOINT_SCHEMA: checkpointSchema } = config;
  const logger = createLogger({ service: 'runlane', level: 'silent' });
  const pool = createPool({ url: databaseUrl, max: 4, applicationName: 'runlane migrate', logger });
  const signal = AbortSignal.timeout(DEADLINE_MS);
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
    });
    const webhooks = await migrate({ databaseUrl, directory: MIGRATIONS, schema: SCHEMA, logger });
    await claimSchema(pool, { schema: SCHEMA, topicPrefix, logger });
    output.print(
      { database: placeOf(databaseUrl), webhook_migrations: webhooks },
      `${placeOf(databaseUrl)} is up to date.`,
    );
  } catch (error) {
    if (error instanceof RunlaneError || signal.aborted) {
      throw new CommandError(
        `${placeOf(databaseUrl)} was not migrated: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    throw error;
  } finally {
    await pool.end();
  }
}
