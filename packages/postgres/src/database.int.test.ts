/** Real Postgres. Decides: the error that a caller gets, the rows, and how often the work ran. */
import { OverrunError, RetryableError } from '@runlane/service-kit';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Database } from './database.ts';
import { createOwnDatabase, execute, recordingLogger } from './own-database.fixture.ts';
import type { OwnDatabase } from './own-database.fixture.ts';
import { createPool } from './pool.ts';
import { SQLSTATE, sqlState } from './sqlstate.ts';

const { logger } = recordingLogger();
let own: OwnDatabase;
let pool: pg.Pool;
let database: Database;

beforeAll(async () => {
  own = await createOwnDatabase();
  await execute(own.url, 'create table notes (id int primary key)');
  pool = createPool({ url: own.url, max: 2, applicationName: 'test', logger, statementTimeoutMs: 200 });
  database = new Database(pool);
});
afterAll(async () => {
  await pool.end();
  await own[Symbol.asyncDispose]();
});

const noteOf = (id: number) => ({
  name: `insert-note-${id}`,
  text: `insert into notes values (${id})`,
  parameters: [],
});

test('a transaction that lost against another one is repeated, and sees its result', async () => {
  let tries = 0;
  const found = await database.transaction(async (client) => {
    tries += 1;
    const { rows } = await client.query('select id from notes where id = 1');
    if (rows.length > 0) return rows;
    await pool.query('insert into notes values (1)');
    return (await client.query('insert into notes values (1) returning id')).rows;
  });
  expect({ found, tries }).toEqual({ found: [{ id: 1 }], tries: 2 });
});

test('a conflict that stays is thrown as it is, after five tries', async () => {
  let tries = 0;
  const refused = database.run((on) => {
    tries += 1;
    return on.query(noteOf(1).text);
  });
  await expect(refused).rejects.toSatisfy((error) => sqlState(error) === SQLSTATE.uniqueViolation);
  expect(tries).toBe(5);
});

test('a statement over its time limit is an overrun, which may be repeated and names its cause', async () => {
  const slow = database.query({ name: 'sleep', text: 'select pg_sleep(30)', parameters: [] });
  const error = await slow.catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(OverrunError);
  expect(error).toMatchObject({ code: 'over_limit', retryable: true, cause: { code: SQLSTATE.queryCanceled } });
});

test('an error of a database that is away is retryable', async () => {
  const closed = createPool({ url: own.url, max: 1, applicationName: 'test', logger });
  await closed.end();
  const error = await new Database(closed).query(noteOf(2)).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).not.toBeInstanceOf(OverrunError);
  expect(error).toMatchObject({ code: 'unavailable', retryable: true });
});

test('any other error is thrown as it is', async () => {
  const nonsense = database.query({ name: 'nonsense', text: 'select from nowhere', parameters: [] });
  await expect(nonsense).rejects.toSatisfy((error) => sqlState(error) === SQLSTATE.undefinedTable);
});
