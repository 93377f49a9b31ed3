/** Real Postgres. Decides: the rows another connection sees, the backend ids, and the error. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isDatabaseUnavailable, isRetryableConflict } from './failures.ts';
import { createOwnDatabase, execute, recordingLogger } from './own-database.fixture.ts';
import type { OwnDatabase } from './own-database.fixture.ts';
import { createPool } from './pool.ts';
import { SQLSTATE, sqlState } from './sqlstate.ts';
import { CommitUnknownError, withTransaction } from './transaction.ts';

const { logger } = recordingLogger();
let database: OwnDatabase;
let pool: pg.Pool;
let onlooker: pg.Pool;

beforeAll(async () => {
  database = await createOwnDatabase();
  await execute(
    database.url,
    `create table notes (id int primary key deferrable initially immediate, text text not null);
     create function end_session() returns trigger language plpgsql as
       $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
     create constraint trigger dies_at_commit after insert on notes deferrable initially deferred
       for each row when (new.text = 'dies at commit') execute function end_session();`,
  );
  pool = createPool({
    url: database.url,
    applicationName: 'transaction-test',
    logger,
    max: 1,
    statementTimeoutMs: 2_000,
  });
  onlooker = createPool({ url: database.url, applicationName: 'onlooker', logger });
});
afterAll(async () => {
  await pool.end();
  await onlooker.end();
  await database[Symbol.asyncDispose]();
});
beforeEach(() => onlooker.query('truncate notes'));

async function texts(): Promise<string[]> {
  const { rows } = await onlooker.query<{ text: string }>('select text from notes order by id');
  return rows.map(({ text }) => text);
}

/** The backend that serves the pool's only connection, and whether it is inside a transaction. */
async function backend(): Promise<number> {
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  expect(client.getTransactionStatus()).toBe('I');
  client.release();
  return rows[0]?.pid ?? 0;
}

test('commits when the work returns, and returns the same', async () => {
  const result = await withTransaction(pool, async (client) => {
    await client.query(`insert into notes values (1, 'kept')`);
    expect(await texts()).toEqual([]);
    return 'done';
  });
  expect(result).toBe('done');
  expect(await texts()).toEqual(['kept']);
});

test('rolls back when the work throws, throws the same error, and keeps the connection', async () => {
  const before = await backend();
  const failure = new Error('changed my mind');
  const failing = withTransaction(pool, async (client) => {
    await client.query(`insert into notes values (1, 'lost')`);
    throw failure;
  });
  await expect(failing).rejects.toBe(failure);
  expect(await texts()).toEqual([]);
  expect(await backend()).toBe(before);
});

test('rolls back after a failed statement, and keeps the connection', async () => {
  const before = await backend();
  const failing = withTransaction(pool, async (client) => {
    await client.query(`insert into notes values (1, 'lost')`);
    await client.query(`insert into notes values (1, 'twice')`);
  });
  await expect(failing).rejects.toSatisfy((error) => sqlState(error) === SQLSTATE.uniqueViolation);
  expect(await texts()).toEqual([]);
  expect(await backend()).toBe(before);
});

test('an error of a statement that the work has caught is not taken for success', async () => {
  const before = await backend();
  const failing = withTransaction(pool, async (client) => {
    await client.query(`insert into notes values (1, 'lost')`);
    await client.query('select 1 / 0').catch(() => undefined);
  });
  await expect(failing).rejects.toMatchObject({ code: 'transaction_aborted', retryable: false });
  expect(await texts()).toEqual([]);
  expect(await backend()).toBe(before);
});

test('a constraint that is checked at the commit is a certain failure', async () => {
  await onlooker.query(`insert into notes values (1, 'first')`);
  const failing = withTransaction(pool, async (client) => {
    await client.query('set constraints all deferred');
    await client.query(`insert into notes values (1, 'second')`);
  });
  const failure = await failing.catch((error: unknown) => error);
  expect(failure).not.toBeInstanceOf(CommitUnknownError);
  expect(sqlState(failure)).toBe(SQLSTATE.uniqueViolation);
  expect(await texts()).toEqual(['first']);
});

test('a connection that dies during the commit leaves the outcome unknown, and is replaced', async () => {
  const before = await backend();
  const failure = await withTransaction(pool, (client) =>
    client.query(`insert into notes values (1, 'dies at commit')`),
  ).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CommitUnknownError);
  expect(failure).toMatchObject({ code: 'commit_unknown', retryable: true });
  expect(isDatabaseUnavailable(failure)).toBe(true);
  expect(await backend()).not.toBe(before);
});

test('a connection that dies during the work is discarded, with the error of the work', async () => {
  const before = await backend();
  const failing = withTransaction(pool, async (client) => {
    await client.query(`insert into notes values (1, 'lost')`);
    await onlooker.query('select pg_terminate_backend($1)', [before]);
    await client.query('select 1');
  });
  await expect(failing).rejects.toSatisfy(isDatabaseUnavailable);
  expect(await backend()).not.toBe(before);
  expect(await texts()).toEqual([]);
});

test('a connection that dies under work which does not notice is discarded, and nothing is committed', async () => {
  const before = await backend();
  const failing = withTransaction(pool, async (client) => {
    await client.query(`insert into notes values (1, 'lost')`);
    const isLost = new Promise((resolve) => client.once('end', resolve));
    await onlooker.query('select pg_terminate_backend($1)', [before]);
    await isLost;
  });
  const failure = await failing.catch((error: unknown) => error);
  expect(isDatabaseUnavailable(failure)).toBe(true);
  expect(failure).not.toBeInstanceOf(CommitUnknownError);
  expect(await backend()).not.toBe(before);
  expect(await texts()).toEqual([]);
});

test('losing against another transaction is a conflict, and the repetition wins', async () => {
  await onlooker.query(`insert into notes values (1, '0')`);
  const increment = (): Promise<unknown> =>
    withTransaction(pool, async (client) => {
      await client.query('set transaction isolation level serializable');
      await client.query('select text from notes');
      if (!hasInterfered) await onlooker.query(`update notes set text = '1'`);
      hasInterfered = true;
      await client.query(`update notes set text = (text::int + 1)::text`);
    });
  let hasInterfered = false;
  const failure = await increment().catch((error: unknown) => error);
  expect(isRetryableConflict(failure)).toBe(true);
  expect(isDatabaseUnavailable(failure)).toBe(false);
  await increment();
  expect(await texts()).toEqual(['2']);
});

test('a hundred transactions through three connections, a third of them failing, leave every connection clean', async () => {
  const busy = createPool({ url: database.url, applicationName: 'busy', logger, max: 3 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_unused, index) =>
      withTransaction(busy, async (client) => {
        await client.query('insert into notes values ($1, $2)', [index, 'x']);
        if (index % 3 === 0) throw new Error('rolled back');
      }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(34);
  expect(await texts()).toHaveLength(66);
  expect({ total: busy.totalCount, idle: busy.idleCount }).toEqual({ total: 3, idle: 3 });
  await busy.end();
});
