import { EventEmitter } from 'node:events';
import { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import type { Logger } from '@runlane/service-kit';

/** Connections of the store, besides the pool of the saver. It opens them when a graph uses the store. */
const STORE_CONNECTIONS = 5;

/**
 * LangGraph's store for the graphs, in the schema of the checkpoints. It makes a pool of its own. Its tables are
 * created once, by `setup()` when the service starts.
 */
export function openStore(options: { databaseUrl: string; schema: string; logger: Logger }): PostgresStore {
  const store = new PostgresStore({
    connectionOptions: { connectionString: options.databaseUrl, max: STORE_CONNECTIONS, keepAlive: true },
    schema: options.schema,
    ensureTables: false,
  });
  // The store leaves its pool without an error listener, so a restart of Postgres would end the process.
  poolOf(store).on('error', (error: Error) => options.logger.warn({ err: error }, 'store.connection_lost'));
  return store;
}

function poolOf(store: PostgresStore): NodeJS.EventEmitter {
  const core: unknown = Reflect.get(store, 'core');
  const pool: unknown = typeof core === 'object' && core !== null ? Reflect.get(core, 'pool') : undefined;
  if (pool instanceof EventEmitter) return pool;
  throw new Error('This version of PostgresStore keeps its pool elsewhere: adapt poolOf in store.ts.');
}
