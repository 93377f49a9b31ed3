/** A note about LangGraph's tables, so that its package is not loaded when there is nothing to do. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { query } from '@runlane/postgres';
import { versionOf } from '@runlane/service-kit';
import type { Pool, PoolClient } from 'pg';
import { sql } from './statements.ts';

const PACKAGE = '@langchain/langgraph-checkpoint-postgres';

/** Whether this version of LangGraph's package has made the tables that are in the schema. */
export async function areLangGraphTablesMade(pool: Pool, checkpointSchema: string): Promise<boolean> {
  const [noted] = await query<{ made_by: string }>(pool, sql.selectLangGraphTables, {
    checkpoint_schema: checkpointSchema,
  });
  return noted?.made_by === packageVersion();
}

/** Notes that it has. */
export async function noteLangGraphTables(client: PoolClient, checkpointSchema: string): Promise<void> {
  await query(client, sql.noteLangGraphTables, { checkpoint_schema: checkpointSchema, made_by: packageVersion() });
}

/** The package does not export its manifest, which is beside the directory of its entry. */
function packageVersion(): string {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  return versionOf(new URL('../package.json', pathToFileURL(entry)));
}
