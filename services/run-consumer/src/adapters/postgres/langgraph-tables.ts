/** What has been noted about LangGraph's tables, so that its package need not be loaded to find nothing to do. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { query } from '@runlane/postgres';
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

/** Notes that they are. */
export async function noteLangGraphTables(client: PoolClient, checkpointSchema: string): Promise<void> {
  await query(client, sql.noteLangGraphTables, { checkpoint_schema: checkpointSchema, made_by: packageVersion() });
}

/** The package does not export its manifest, which lies beside the directory of its entry. */
function packageVersion(): string {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error(`package.json of ${PACKAGE} has no version.`);
}
