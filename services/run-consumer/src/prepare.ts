/** Brings the database of the service up to date without starting it; the package's entry for code that prepares a database. */
import type { Logger } from '@runlane/service-kit';
import type { Pool } from 'pg';
import { readLangGraphJson } from './adapters/langgraph/project/langgraph-json.ts';
import { prepareDatabase } from './wiring/prepare-database.ts';

export { MIGRATIONS, SCHEMA, prepareTables } from './wiring/prepare-database.ts';

export type PrepareSettings = {
  pool: Pool;
  databaseUrl: string;
  checkpointSchema: string;
  topicPrefix: string;
  /** Path of `langgraph.json`, whose store may want an index; null: the service makes one when it starts. */
  langgraphConfig: string | null;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
  logger: Logger;
  /** Whether to wait while the role lacks a grant, or the tables are newer than this version. */
  mayWait: boolean;
};

const NO_STORE = { index: null, ttl: null };

/** Creates or migrates our tables and LangGraph's. Thrown: what `prepareDatabase` throws; the signal's reason. */
export async function prepare({ langgraphConfig, environment, ...settings }: PrepareSettings): Promise<void> {
  const store = langgraphConfig === null ? NO_STORE : readLangGraphJson(langgraphConfig, environment).store;
  await prepareDatabase({ ...settings, store });
}
