import { claimSchema, migrate, waitForDatabase, whenAllowed, withTransaction } from '@runlane/postgres';
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { Pool, PoolClient } from 'pg';
import type { StoreSettings } from '../adapters/langgraph/project/langgraph-json-store.ts';
import { areLangGraphTablesMade, noteLangGraphTables } from '../adapters/postgres/langgraph-tables.ts';

/** Where our tables are, and what this version knows of them. */
export const SCHEMA = 'runlane';
export const MIGRATIONS: URL = new URL('../../migrations/', import.meta.url);

/** Milliseconds between two statements of a transaction that waits: well below the limit of createPool. */
const BEAT_MS = 2_000;
const TURN_POLL_MS = 200;
/** Any number: it only has to be the same in every process that prepares a database. */
const SETUP_LOCK = 7_261_905_311;

export type PrepareOptions = {
  pool: Pool;
  databaseUrl: string;
  checkpointSchema: string;
  /** Of the deployment, which the database belongs to. */
  topicPrefix: string;
  store: StoreSettings;
  signal: AbortSignal;
  logger: Logger;
  /** False: it throws instead of waiting until it may. Default true. */
  mayWait?: boolean;
};

/**
 * Creates or migrates our tables and LangGraph's. Safe when several processes start at once.
 * While it may not, or is too old for the tables, it waits and says so.
 *
 * @throws RunlaneError `database_of_another_prefix`; what `migrate` throws
 */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  await prepareTables(options);
  await claimSchema(options.pool, { schema: SCHEMA, topicPrefix: options.topicPrefix, logger: options.logger });
}

/** The tables alone: the database is no deployment's yet. */
export async function prepareTables(options: Omit<PrepareOptions, 'topicPrefix'>): Promise<void> {
  const { pool, databaseUrl, checkpointSchema: schema, store, signal, logger, mayWait = true } = options;
  await waitForDatabase(pool, { signal, logger });
  await whenAllowed(() => migrate({ databaseUrl, directory: MIGRATIONS, schema: SCHEMA, logger }), {
    what: `schema ${SCHEMA}`,
    signal,
    logger,
    mayWait,
  });
  // An index of the store is looked at each time: langgraph.json may want another one.
  if (store.index === null && (await areLangGraphTablesMade(pool, schema))) return;
  const { prepareLangGraph } = await import('./prepare-langgraph.ts');
  // LangGraph's own set-up takes no lock, and two of them at once collide.
  const inTurn = () =>
    withTransaction(pool, async (client) => {
      await takeTurn(client, signal);
      await keepingAwake(client, async () => {
        await prepareLangGraph(pool, { databaseUrl, schema, settings: store, logger });
      });
      await noteLangGraphTables(client, schema);
    });
  await whenAllowed(inTurn, { what: `LangGraph's tables in ${schema}`, signal, logger, mayWait });
}

/** Polls: a statement that waited would hold a snapshot, for which an index that is made concurrently waits. */
async function takeTurn(client: PoolClient, signal: AbortSignal): Promise<void> {
  const pause = new Wakeup();
  for (;;) {
    const { rows } = await client.query<{ is_mine: boolean }>(
      `select pg_try_advisory_xact_lock(${SETUP_LOCK}) as is_mine`,
    );
    if (rows[0]?.is_mine === true) return;
    await pause.wait(TURN_POLL_MS, signal);
    signal.throwIfAborted();
  }
}

/**
 * Does work on other connections while a transaction waits for it. The server ends a transaction that is idle for long,
 * and its lock with it, which is right when this process is frozen and wrong while an index is being made.
 *
 * @throws what the work throws, or else that the transaction was lost
 */
async function keepingAwake(client: PoolClient, work: () => Promise<void>): Promise<void> {
  const done = new AbortController();
  const beating = beatUntil(done.signal, client);
  // Whoever awaits it below hears of a loss, at the end.
  beating.catch(() => undefined);
  try {
    await work();
  } finally {
    done.abort();
    await Promise.allSettled([beating]);
  }
  await beating;
}

async function beatUntil(signal: AbortSignal, client: PoolClient): Promise<void> {
  const pause = new Wakeup();
  while ((await pause.wait(BEAT_MS, signal)) !== 'aborted') await client.query('select 1');
}
