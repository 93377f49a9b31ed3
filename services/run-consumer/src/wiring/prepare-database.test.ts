/**
 * Real Postgres, with a lock that makes the set-up take longer than a transaction may be idle. Decides: that it
 * succeeds.
 */
import { createPool } from '@runlane/postgres';
import { createDatabase, eventually, silentLogger } from '@runlane/testkit';
import type { Pool } from 'pg';
import { expect, inject, test } from 'vitest';
import { prepareDatabase } from './prepare-database.ts';

/** Longer than the limit of `createPool` for an idle transaction. */
const LONG_SECONDS = 12;

test('a set-up that takes long keeps its lock, and another process waits for it', async () => {
  const databaseUrl = await createDatabase(inject('databaseUrl'));
  const open = (applicationName: string, url = databaseUrl) =>
    createPool({ url, applicationName, logger: silentLogger });
  const [first, second] = [open('first'), open('second')];
  // Its own transaction is idle for as long.
  const own = open('test', `${databaseUrl}?idle_in_transaction_session_timeout=0`);
  const prepare = (pool: Pool) => prepareAt(databaseUrl, pool);
  await prepare(first);
  // As after an update of LangGraph's package.
  await own.query('delete from runlane.langgraph_tables');
  const holder = await own.connect();
  await holder.query('begin; lock table checkpoint_migrations in access exclusive mode');
  const preparing = Promise.all([prepare(first), prepare(second)]);
  preparing.catch(() => undefined); // awaited below
  const longest = `select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0)::float8 as seconds
                   from pg_stat_activity join pg_locks using (pid)
                   where locktype = 'advisory' and granted and datname = current_database()
                     and application_name in ('first', 'second')`;
  await eventually(async () => (await own.query(longest)).rows[0]?.seconds > LONG_SECONDS, {
    what: `the turn was held for ${LONG_SECONDS} s`,
  });
  await holder.query('commit');
  holder.release();
  await expect(preparing).resolves.toEqual([undefined, undefined]);
  await Promise.all([first, second, own].map((pool) => pool.end()));
});

test("LangGraph's package is asked once, and again after an update or when its tables are gone", async () => {
  const databaseUrl = await createDatabase(inject('databaseUrl'));
  await using pool = asDisposable(createPool({ url: databaseUrl, applicationName: 'test', logger: silentLogger }));
  const prepareAgain = () => prepareAt(databaseUrl, pool);
  // Its set-up would fail here.
  const spoil = () => pool.query('alter table store_migrations rename column v to spoiled');
  const mend = () => pool.query('alter table store_migrations rename column spoiled to v');
  await prepareAgain();
  await spoil();
  await prepareAgain();
  await pool.query(`update runlane.langgraph_tables set made_by = '0.0.1'`);
  await expect(prepareAgain()).rejects.toThrow('column');
  await mend();
  await prepareAgain();
  await pool.query('drop table checkpoint_migrations, checkpoints, checkpoint_blobs, checkpoint_writes');
  await prepareAgain();
  expect((await pool.query(`select to_regclass('checkpoints') as name`)).rows).toEqual([{ name: 'checkpoints' }]);
});

function prepareAt(databaseUrl: string, pool: Pool): Promise<void> {
  return prepareDatabase({
    pool,
    databaseUrl,
    checkpointSchema: 'public',
    topicPrefix: '',
    store: { index: null, ttl: null },
    signal: AbortSignal.timeout(90_000),
    logger: silentLogger,
  });
}

function asDisposable<T extends { end(): Promise<void> }>(pool: T): T & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() });
}
