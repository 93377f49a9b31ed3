import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { migrate, waitForDatabase, withTransaction } from '@runlane/postgres';
import type { Logger } from '@runlane/service-kit';
import type { Pool } from 'pg';
import type { StoreSettings } from '../adapters/langgraph/langgraph-json-store.ts';
import { prepareStore } from '../adapters/langgraph/prepare-store.ts';

/** Any number: it only has to be the same in every process that prepares a database. */
const SETUP_LOCK = 7_261_905_311;

export type PrepareOptions = {
  pool: Pool;
  databaseUrl: string;
  checkpointSchema: string;
  store: StoreSettings;
  signal: AbortSignal;
  logger: Logger;
};

/** Creates or migrates our tables and LangGraph's. Safe when several processes start at once. */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  const { pool, databaseUrl, checkpointSchema: schema, store, signal, logger } = options;
  await waitForDatabase(pool, { signal, logger });
  const applied = await migrate({
    databaseUrl,
    directory: new URL('../../migrations/', import.meta.url),
    schema: 'runlane',
    logger,
  });
  if (applied.length > 0) logger.info({ applied }, 'database.migrated');
  // LangGraph's own set-up takes no lock, and two of them at once collide.
  await withTransaction(pool, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [SETUP_LOCK]);
    await new PostgresSaver(pool, undefined, { schema }).setup();
    await prepareStore(pool, { databaseUrl, schema, settings: store, logger });
  });
}
