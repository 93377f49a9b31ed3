import { EventEmitter } from 'node:events';
import type { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import type { ClientBase } from 'pg';
import { applySettings, clientAt, currentUrl } from '@runlane/postgres';
import type { DatabaseUrl } from '@runlane/postgres';
import type { Logger } from '@runlane/service-kit';
import type { StoreSettings } from '../project/langgraph-json-store.ts';
import type { Embeddings } from './store-embeddings.ts';
import { WaitingStore } from './waiting-store.ts';

/** Connections of the store, besides the pool of the saver. It opens them when a graph uses the store. */
const STORE_CONNECTIONS = 5;

export type StoreOptions = {
  databaseUrl: DatabaseUrl;
  /** Schema of LangGraph's tables. */
  schema: string;
  /** Default: no index, no times. */
  settings?: StoreSettings;
  /** Makes the vectors of `settings.index`; default none, for where nothing is put or searched. */
  embeddings?: Embeddings | null;
  logger: Logger;
};

/**
 * LangGraph's store for the graphs, in the schema of the checkpoints. It makes a pool of its own. Its tables are
 * created once, by `prepareStore` when the service starts.
 */
export function openStore({ databaseUrl, schema, settings, embeddings, logger }: StoreOptions): PostgresStore {
  const { index, ttl } = settings ?? { index: null, ttl: null };
  const store = new WaitingStore({
    connectionOptions: {
      Client: clientAt(databaseUrl),
      // The pool waits for what it returns, which its types do not know.
      onConnect: (client: ClientBase): unknown => applySettings(client, currentUrl(databaseUrl), {}),
      application_name: 'run-consumer store',
      max: STORE_CONNECTIONS,
      keepAlive: true,
    },
    schema,
    ensureTables: false,
    ...(index === null ? {} : { index: { dims: index.dims, fields: index.fields, embed: embeddings ?? noEmbeddings } }),
    ...(ttl === null
      ? {}
      : {
          ttl: {
            ...(ttl.defaultMinutes === null ? {} : { defaultTtl: ttl.defaultMinutes }),
            refreshOnRead: ttl.refreshOnRead,
          },
        }),
  });
  // The store leaves its pool without an error listener, so a restart of Postgres would end the process.
  const pool = poolOf(store);
  pool.on('error', (error: Error) => logger.warn({ err: error }, 'store.connection_lost'));
  // Nor does the pool listen to a connection while it is in use.
  pool.on('connect', (client: NodeJS.EventEmitter) => {
    client.on('error', (error: Error) => logger.debug({ err: error }, 'store.connection_lost'));
  });
  return store;
}

function noEmbeddings(): Promise<never> {
  return Promise.reject(new Error('This store was opened without its embeddings.'));
}

function poolOf(store: PostgresStore): NodeJS.EventEmitter {
  const core: unknown = Reflect.get(store, 'core');
  const pool: unknown = typeof core === 'object' && core !== null ? Reflect.get(core, 'pool') : undefined;
  if (pool instanceof EventEmitter) return pool;
  throw new Error('This version of PostgresStore keeps its pool elsewhere: adapt poolOf in store.ts.');
}
