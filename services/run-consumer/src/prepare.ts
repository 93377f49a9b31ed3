/** Brings the database of the service up to date without starting it; the package's entry for who prepares a database. */
import type { Logger } from '@runlane/service-kit';
import type { Pool } from 'pg';
import { readLangGraphJson } from './adapters/langgraph/langgraph-json.ts';
import { prepareDatabase } from './wiring/prepare-database.ts';

export { MIGRATIONS, SCHEMA } from './wiring/prepare-database.ts';

export type PrepareSettings = {
  pool: Pool;
  databaseUrl: string;
  checkpointSchema: string;
  topicPrefix: string;
  /** Path of `langgraph.json`, whose store may want an index. */
  langgraphConfig: string;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
  logger: Logger;
};

/** Creates or migrates our tables and LangGraph's. Thrown: what `prepareDatabase` throws; the signal's reason. */
export async function prepare({ langgraphConfig, environment, ...settings }: PrepareSettings): Promise<void> {
  const { store } = readLangGraphJson(langgraphConfig, environment);
  await prepareDatabase({ ...settings, store });
}
