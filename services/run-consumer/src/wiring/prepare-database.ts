import { EventEmitter } from 'node:events';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { migrate, waitForDatabase, withTransaction } from '@runlane/postgres';
import type { Logger } from '@runlane/service-kit';
import type { Pool } from 'pg';

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
export async function prepareDatabase(options: PrepareOptions & { store: PostgresStore }): Promise<void> {
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
    await options.store.setup();
  });
}

/** Connections of the store, besides the pool of the ledger. */
const STORE_CONNECTIONS = 5;

/** LangGraph's store for the graphs, in the schema of the checkpoints. It makes a pool of its own. */
export function openStore(options: { databaseUrl: string; schema: string; logger: Logger }): PostgresStore {
  const store = new PostgresStore({
    connectionOptions: { connectionString: options.databaseUrl, max: STORE_CONNECTIONS, keepAlive: true },
    schema: options.schema,
  });
  // The store leaves its pool without an error listener, so a restart of Postgres would end the process.
  poolOf(store).on('error', (error: Error) => options.logger.warn({ err: error }, 'store.connection_lost'));
  return store;
}

function poolOf(store: PostgresStore): NodeJS.EventEmitter {
  const core: unknown = Reflect.get(store, 'core');
  const pool: unknown = typeof core === 'object' && core !== null ? Reflect.get(core, 'pool') : undefined;
  if (pool instanceof EventEmitter) return pool;
  throw new Error('This version of PostgresStore keeps its pool elsewhere: adapt poolOf in prepare-database.ts.');
}
