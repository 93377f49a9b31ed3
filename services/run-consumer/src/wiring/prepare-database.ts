import { claimSchema, migrate, waitForDatabase, whenAllowed, withTransaction } from '@runlane/postgres';
import { Wakeup } from '@runlane/service-kit';
import type { DatabaseAccess } from '@runlane/postgres';
import type { Logger } from '@runlane/service-kit';
import type { Pool, PoolClient } from 'pg';
import type { StoreSettings } from '../adapters/langgraph/project/langgraph-json-store.ts';
import { areLangGraphTablesMade, noteLangGraphTables } from '../adapters/postgres/langgraph-tables.ts';

/** The schema of our tables, and their migrations in this version. */
export const SCHEMA = 'runlane';
export const MIGRATIONS: URL = new URL('../../migrations/', import.meta.url);

/** Milliseconds between two statements of a waiting transaction, well below the limit of createPool for idle ones. */
const BEAT_MS = 2_000;
const TURN_POLL_MS = 200;
/** Any number: it only has to be the same in every process that prepares a database. */
const SETUP_LOCK = 7_261_905_311;

export type PrepareOptions = {
  pool: Pool;
  databaseUrl: string;
  checkpointSchema: string;
  /** The topic prefix of the deployment that owns the database. */
  topicPrefix: string;
  store: StoreSettings;
  signal: AbortSignal;
  logger: Logger;
  /** Tells people of what is waited for. */
  access?: DatabaseAccess;
  /** False: it throws instead of waiting for rights or a newer version. Default true. */
  mayWait?: boolean;
};

/**
 * Creates or migrates our tables and LangGraph's. Safe when several processes start at once.
 * While the role lacks rights, or this version is too old for the tables, it waits and logs that.
 *
 * @throws RunlaneError `database_of_another_prefix`; what `migrate` throws
 */
export async function prepareDatabase(options: PrepareOptions): Promise<void> {
  await prepareTables(options);
  await claimSchema(options.pool, { schema: SCHEMA, topicPrefix: options.topicPrefix, logger: options.logger });
}

/** Only the tables: the database belongs to no deployment yet. */
export async function prepareTables(options: Omit<PrepareOptions, 'topicPrefix'>): Promise<void> {
  const { pool, databaseUrl, checkpointSchema: schema, store, signal, logger, access, mayWait = true } = options;
  const told = access === undefined ? {} : { access };
  await waitForDatabase(pool, { signal, logger });
  await whenAllowed(() => migrate({ databaseUrl, directory: MIGRATIONS, schema: SCHEMA, logger }), {
    what: `schema ${SCHEMA}`,
    signal,
    logger,
    mayWait,
    ...told,
  });
  // The index of the store is checked each time, because langgraph.json may ask for another one.
  if (store.index === null && (await areLangGraphTablesMade(pool, schema))) return;
  const { prepareLangGraph } = await import('./prepare-langgraph.ts');
  // LangGraph's own set-up takes no lock, and two at the same time collide.
  const inTurn = () =>
    withTransaction(pool, async (client) => {
      await takeTurn(client, signal);
      await keepingAwake(client, async () => {
        await prepareLangGraph(pool, { databaseUrl, schema, settings: store, logger });
      });
      await noteLangGraphTables(client, schema);
    });
  await whenAllowed(inTurn, { what: `LangGraph's tables in ${schema}`, signal, logger, mayWait, ...told });
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
 * Does work on other connections while a transaction stays open. The server ends a transaction that is idle for long, and
 * its lock with it. That is right when this process is frozen, and wrong while an index is being made.
 *
 * @throws what the work throws; otherwise an error if the transaction was lost
 */
async function keepingAwake(client: PoolClient, work: () => Promise<void>): Promise<void> {
  const done = new AbortController();
  const beating = beatUntil(done.signal, client);
  // A loss is reported at the end, where this is awaited.
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
