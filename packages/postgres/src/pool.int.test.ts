/** Real Postgres, shared by the run; each file has a database of its own. Decides: rows, backend ids, errors. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLogger } from '@runlane/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDatabaseUnavailable } from './failures.ts';
import { createOwnDatabase, execute, recordingLogger } from './own-database.fixture.ts';
import type { OwnDatabase } from './own-database.fixture.ts';
import { createPool, waitForDatabase } from './pool.ts';
import { loadSql, query } from './sql.ts';
import type { SqlStatement } from './sql.ts';
import { SQLSTATE, sqlState } from './sqlstate.ts';

const folder = mkdtempSync(join(tmpdir(), 'runlane-pool-'));
const { logger, names } = recordingLogger();
let database: OwnDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createOwnDatabase();
  await execute(database.url, 'create table counters (name text primary key, value int8, history int8[])');
  pool = createPool({ url: database.url, applicationName: 'pool-test', logger, max: 3 });
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function statement(name: string, text: string): SqlStatement {
  const path = join(folder, `${name}.sql`);
  writeFileSync(path, `-- ${name}\n${text}\n`);
  return loadSql(pathToFileURL(path));
}

const backendId = statement('select-backend-id', 'select pg_backend_pid() as pid');
const putCounter = statement(
  'put-counter',
  'insert into counters values ($name, $value, $history) returning value, history',
);

async function terminate(pid: number): Promise<void> {
  await execute(database.url, `select pg_terminate_backend(${pid})`);
}

test('int8 is a bigint without loss, alone and in arrays; other types are as the driver has them', async () => {
  const large = 9_223_372_036_854_775_807n;
  type Counter = { value: bigint; history: (bigint | null)[] };
  const [row] = await query<Counter>(pool, putCounter, { name: 'large', value: large, history: [1n, null, -large] });
  expect(row).toEqual({ value: large, history: [1n, null, -large] });

  const { rows } = await pool.query(
    `select count(*) as many, 1::int4 as small, null::int8 as nothing, '{{1,2},{3,4}}'::int8[] as grid, '{"a":[1]}'::jsonb as document`,
  );
  expect(rows).toEqual([
    {
      many: 1n,
      small: 1,
      nothing: null,
      grid: [
        [1n, 2n],
        [3n, 4n],
      ],
      document: { a: [1] },
    },
  ]);
});

test("the driver's global parsers are unchanged for others in the process", async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('select 1::int8 as value');
  await client.end();
  expect(rows).toEqual([{ value: '1' }]);
});

test('a statement is prepared once per connection, under the name of its file', async () => {
  const client = await pool.connect();
  try {
    for (let round = 0; round < 3; round += 1) await query(client, backendId);
    const { rows } = await client.query(
      `select name, statement, generic_plans + custom_plans as uses from pg_prepared_statements where name = 'select-backend-id'`,
    );
    expect(rows).toEqual([
      { name: 'select-backend-id', statement: '-- select-backend-id\nselect pg_backend_pid() as pid', uses: 3n },
    ]);
  } finally {
    client.release();
  }
});

test('the settings reach the server', async () => {
  const { rows } = await pool.query(
    `select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
       current_setting('idle_in_transaction_session_timeout') as idle`,
  );
  expect(rows).toEqual([{ name: 'pool-test', statement: '30s', idle: '10s' }]);
});

test('settings of the role, the database or the server change neither values nor isolation nor limits of a session', async () => {
  await using own = await createOwnDatabase();
  const settings = {
    datestyle: 'SQL, DMY',
    intervalstyle: 'sql_standard',
    array_nulls: 'off',
    extra_float_digits: '-5',
    standard_conforming_strings: 'off',
    default_transaction_isolation: 'serializable',
    lock_timeout: '1ms',
    idle_session_timeout: '1s',
  };
  const name = new URL(own.url).pathname.slice(1);
  for (const [key, value] of Object.entries(settings)) {
    await execute(own.url, `alter database ${name} set ${key} = '${value}'`);
  }
  const theirs = createPool({ url: own.url, applicationName: 'theirs', logger });
  const { rows } = await theirs.query(
    `select $1::timestamptz as at, $2::text[] as list, $3::float8 as number, '\\' as backslash,
       current_setting('transaction_isolation') as isolation, current_setting('lock_timeout') as lock,
       current_setting('idle_session_timeout') as idle`,
    [new Date(1_234_567_890_123), [null, 'NULL'], 1 / 3],
  );
  await theirs.end();
  expect(rows).toEqual([
    {
      at: new Date(1_234_567_890_123),
      list: [null, 'NULL'],
      number: 1 / 3,
      backslash: '\\',
      isolation: 'read committed',
      lock: '0',
      idle: '0',
    },
  ]);

  const url = new URL(own.url);
  url.searchParams.set('options', '-c lock_timeout=7s');
  const limited = createPool({ url: url.href, applicationName: 'limited', logger });
  expect((await limited.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '7s' }]);
  await limited.end();
});

test('an error of a statement keeps the connection, and it serves the next one', async () => {
  const single = createPool({ url: database.url, applicationName: 'single', logger, max: 1 });
  const [before] = await query<{ pid: number }>(single, backendId);
  await query(single, putCounter, { name: 'twice', value: 1n, history: [] });
  await expect(query(single, putCounter, { name: 'twice', value: 1n, history: [] })).rejects.toSatisfy(
    (error) => sqlState(error) === SQLSTATE.uniqueViolation && !isDatabaseUnavailable(error),
  );
  const [after] = await query<{ pid: number }>(single, backendId);
  expect(after).toEqual(before);
  await single.end();
});

test('an idle connection that the server ends is replaced, logged, and nothing crashes', async () => {
  const single = createPool({ url: database.url, applicationName: 'single', logger, max: 1 });
  const [before] = await query<{ pid: number }>(single, backendId);
  await terminate(before?.pid ?? 0);
  await expect.poll(() => single.totalCount).toBe(0);
  expect(names()).toContain('database.idle_connection_lost');
  const [after] = await query<{ pid: number }>(single, backendId);
  expect(after?.pid).not.toBe(before?.pid);
  await single.end();
});

test('a connection that breaks between two statements fails its user, is replaced, and does not end the process', async () => {
  const single = createPool({ url: database.url, applicationName: 'single', logger, max: 1 });
  const client = await single.connect();
  const [before] = await query<{ pid: number }>(client, backendId);
  const isLost = new Promise((resolve) => client.once('end', resolve));
  await terminate(before?.pid ?? 0);
  await isLost;
  await expect(query(client, backendId)).rejects.toSatisfy(isDatabaseUnavailable);
  client.release();
  const [after] = await query<{ pid: number }>(single, backendId);
  expect(after?.pid).not.toBe(before?.pid);
  await single.end();
});

test('a statement over its time limit ends as unavailability, and its connection is kept', async () => {
  const single = createPool({ url: database.url, applicationName: 'single', logger, max: 1, statementTimeoutMs: 100 });
  const sleep = statement('sleep-long', 'select pg_sleep(60)');
  const [before] = await query<{ pid: number }>(single, backendId);
  const failure = await query(single, sleep).catch((error: unknown) => error);
  expect(sqlState(failure)).toBe(SQLSTATE.queryCanceled);
  expect(isDatabaseUnavailable(failure)).toBe(true);
  expect(await query<{ pid: number }>(single, backendId)).toEqual([before]);
  await single.end();
});

test('a longer time limit of the URL also holds for the driver, which would otherwise give up earlier', async () => {
  const url = new URL(database.url);
  url.searchParams.set('statement_timeout', '60000');
  const patient = createPool({
    url: url.href,
    applicationName: 'patient',
    logger,
    defaultStatementTimeoutMs: 50,
    readMarginMs: 50,
  });
  expect((await patient.query('select pg_sleep(0.5)')).rowCount).toBe(1);
  await patient.end();
});

test('a statement prepared before a migration fails once, and then its connection is replaced', async () => {
  await execute(database.url, 'create table shapes (id int)');
  const single = createPool({ url: database.url, applicationName: 'single', logger, max: 1 });
  const readShapes = statement('read-shapes', 'select * from shapes');
  await query(single, readShapes);
  await execute(database.url, 'alter table shapes add column name text');
  await expect(query(single, readShapes)).rejects.toThrow('cached plan');
  expect(await query(single, readShapes)).toEqual([]);
  await single.end();
});

test('waiting for a database that refuses ends with an error that says what to check', async () => {
  const wrong = new URL(database.url);
  wrong.pathname = '/no_such_database';
  const other = createPool({ url: wrong.href, applicationName: 'wrong', logger });
  const { signal } = new AbortController();
  await expect(waitForDatabase(other, { signal, logger })).rejects.toMatchObject({
    code: 'database_refused',
    message: expect.stringMatching(/"no_such_database" does not exist. Create the database that DATABASE_URL names/),
  });
  await other.end();
});

test('a database whose sessions are read-only is waited for, and a warning says what to change', async () => {
  await using own = await createOwnDatabase();
  const name = new URL(own.url).pathname.slice(1);
  await execute(own.url, `alter database ${name} set default_transaction_read_only = on`);
  const theirs = createPool({ url: own.url, applicationName: 'theirs', logger });
  const { signal } = new AbortController();
  const lines: string[] = [];
  const listening = createLogger({
    service: 'test',
    level: 'warn',
    destination: { write: (line) => void lines.push(line) },
  });
  const waited = waitForDatabase(theirs, { signal, logger: listening });
  await expect.poll(() => lines.join(''), { timeout: 10_000 }).toMatch(/default_transaction_read_only is on/);
  await execute(own.url, `begin read write; alter database ${name} reset default_transaction_read_only; commit`);
  await waited;
  await theirs.end();
});

test('a server that takes no more connections of its user is waited for, and a warning says what to change', async () => {
  await using own = await createOwnDatabase();
  const role = new URL(own.url).pathname.slice(1);
  await execute(own.url, `create role ${role} login password 'theirs' connection limit 0`);
  const url = new URL(own.url);
  [url.username, url.password] = [role, 'theirs'];
  const theirs = createPool({ url: url.href, applicationName: 'theirs', logger });
  const lines: string[] = [];
  const listening = createLogger({
    service: 'test',
    level: 'warn',
    destination: { write: (line) => void lines.push(line) },
  });
  const waited = waitForDatabase(theirs, { signal: new AbortController().signal, logger: listening });
  await expect.poll(() => lines.join(''), { timeout: 10_000 }).toMatch(/53300.*raise max_connections/);
  await execute(own.url, `alter role ${role} connection limit -1`);
  await waited;
  await theirs.end();
  await execute(own.url, `drop role ${role}`);
});
