import { EventEmitter } from 'node:events';
import type { PostgresStore } from '@langchain/langgraph-checkpoint-postgres/store';
import { poolConfig, survivingLosses } from '@runlane/postgres';
import type { DatabaseUrl } from '@runlane/postgres';
import type { Logger } from '@runlane/service-kit';
import type { StoreSettings } from '../project/langgraph-json-store.ts';
import type { Embeddings } from './store-embeddings.ts';
import { WaitingStore } from './waiting-store.ts';

/** Connections of the store, in addition to the pool of the saver. They are opened when a graph uses the store. */
const STORE_CONNECTIONS = 5;

export type StoreOptions = {
  databaseUrl: DatabaseUrl;
  /** Schema of LangGraph's tables. */
  schema: string;
  /** Default: no index, no lifetimes. */
  settings?: StoreSettings;
  /** Makes the vectors of `settings.index`. Default: none, for code that neither puts nor searches. */
  embeddings?: Embeddings | null;
  /** Time limit of a statement, in milliseconds; 0 = none. Default: that of `createPool`. */
  statementTimeoutMs?: number;
  /** See `createPool`. */
  onRefused?: (error: unknown) => void;
  logger: Logger;
};

/**
 * LangGraph's store for the graphs, in the schema of the checkpoints. It makes a pool of its own. Its tables are
 * created once, by `prepareStore` when the service starts.
 */
export function openStore(options: StoreOptions): PostgresStore {
  const { databaseUrl, schema, settings, embeddings, statementTimeoutMs, onRefused, logger } = options;
  const { index, ttl } = settings ?? { index: null, ttl: null };
  const store = new WaitingStore({
    connectionOptions: poolConfig({
      url: databaseUrl,
      applicationName: 'run-consumer store',
      max: STORE_CONNECTIONS,
      ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }),
      ...(onRefused === undefined ? {} : { onRefused }),
      logger,
    }),
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
  survivingLosses(poolOf(store), logger, 'store');
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
