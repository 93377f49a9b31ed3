import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { migrate, waitForDatabase, withTransaction } from '@runlane/postgres';
import type { Logger } from '@runlane/service-kit';
import type { Pool } from 'pg';
import { openStore } from '../adapters/langgraph/store.ts';

/** Any number: it only has to be the same in every process that prepares a database. */
const SETUP_LOCK = 7_261_905_311;

export type PrepareOptions = {
  pool: Pool;
  databaseUrl: string;
  checkpointSchema: string;
  signal: AbortSignal;
  logger: Logger;
};

/** Creates or migrates our tables and LangGraph's. Safe when several processes start at once. */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  const { pool, databaseUrl, checkpointSchema, signal, logger } = options;
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
    await new PostgresSaver(pool, undefined, { schema: checkpointSchema }).setup();
    const store = openStore({ databaseUrl, schema: checkpointSchema, logger });
    await store.setup();
    await store.stop();
  });
}
