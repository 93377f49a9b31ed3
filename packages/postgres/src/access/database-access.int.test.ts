/** What is said of a database that refuses. Real: the server, and a role of its own. Doubled: the clock. Decides: the sentences. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DatabaseAccess } from './database-access.ts';
import { READ_AND_WRITE } from './lacking-grants.ts';
import { createOwnDatabase, recordingLogger } from '../own-database.fixture.ts';
import type { OwnDatabase } from '../own-database.fixture.ts';
import { createPool } from '../pool.ts';

const role = `service_${randomUUID().slice(0, 8)}`;
let database: OwnDatabase;
let admin: ReturnType<typeof createPool>;
let log: ReturnType<typeof recordingLogger>;
let url: string;

beforeAll(async () => {
  database = await createOwnDatabase();
  log = recordingLogger();
  admin = createPool({ url: database.url, applicationName: 'admin', logger: log.logger });
  const own = new URL(database.url);
  own.username = role;
  own.password = 'secret';
  url = own.href;
  await admin.query(`create role ${role} login password 'secret'`);
  await admin.query('create schema ledger; create view public.elsewhere as select 1');
  for (const name of ['a', 'b', 'c', 'd', 'e', 'migrations']) await admin.query(`create table ledger.${name} (id int)`);
});
afterAll(async () => {
  await admin.query(`drop schema ledger cascade; drop owned by ${role}; drop role ${role}`);
  await admin.end();
  await database[Symbol.asyncDispose]();
});

test('a look names what is lacking, as much as a sentence holds, and of what was granted nothing', async () => {
  const needs = [{ schema: 'ledger', tables: null, privileges: READ_AND_WRITE }];
  const access = new DatabaseAccess({ url, needs, logger: log.logger, everyMs: 20 });
  await access.look();
  expect(access.refusals()).toEqual([
    `Postgres refuses this process: The role "${role}" of DATABASE_URL lacks DELETE, INSERT, SELECT, UPDATE on ledger.a; ` +
      'DELETE, INSERT, SELECT, UPDATE on ledger.b; DELETE, INSERT, SELECT, UPDATE on ledger.c; ' +
      'DELETE, INSERT, SELECT, UPDATE on ledger.d, and grants on 3 more: grant it.',
  ]);
  await admin.query(`grant usage on schema ledger to ${role}; grant select on ledger.migrations to ${role}`);
  await admin.query(`grant select, insert, update, delete on ledger.a, ledger.b, ledger.c, ledger.e to ${role}`);
  await admin.query(`grant select, insert on ledger.d to ${role}`);
  await access.look();
  expect(access.refusals()).toEqual([expect.stringMatching(/lacks DELETE, UPDATE on ledger\.d: grant it\.$/)]);
  await admin.query(`grant all on ledger.d to ${role}`);
  // By itself: nobody asks it to look again.
  await expect.poll(() => access.refusals()).toEqual([]);
  expect(log.names().filter((name) => name?.startsWith('database.refused'))).toHaveLength(1);
  access.close();
});

test('whoever asks on a pool is heard, and a policy that no grant mends is told until nobody was refused for a minute', async () => {
  let nowMs = 0;
  const access = new DatabaseAccess({ url, needs: [], logger: log.logger, monotonicMs: () => nowMs });
  await admin.query('create table guarded (id int); alter table guarded enable row level security');
  await admin.query(`grant insert on guarded to ${role}`);
  const pool = createPool({ url, applicationName: 'asks', onRefused: access.note, logger: log.logger });
  await expect(pool.query('insert into guarded values (1)')).rejects.toMatchObject({ code: '42501' });
  await expect(pool.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
  const told = [expect.stringMatching(/violates row-level security policy .*role of DATABASE_URL/)];
  await access.look();
  expect(access.refusals()).toEqual(told);
  nowMs = 61_000;
  await access.look();
  expect(access.refusals()).toEqual([]);
  await pool.end();
  access.close();
});

test('a login that is refused while others work is told, and with the next one that is not no more', async () => {
  let password = 'secret';
  const withPassword = () => {
    const given = new URL(url);
    given.password = password;
    return given.href;
  };
  const access = new DatabaseAccess({ url: withPassword, needs: [], logger: log.logger });
  const pool = createPool({
    url: withPassword,
    applicationName: 'logs in',
    onRefused: access.note,
    logger: log.logger,
  });
  await pool.query('select 1');
  expect(access.refusals()).toEqual([]);
  password = 'wrong';
  await expect(Promise.all([pool.query('select pg_sleep(0.1)'), pool.query('select 1')])).rejects.toMatchObject({
    code: '28P01',
  });
  expect(access.refusals()).toEqual([
    expect.stringMatching(/^Postgres refuses this process: password authentication failed.* in DATABASE_URL/),
  ]);
  password = 'secret';
  await access.look();
  expect(access.refusals()).toEqual([]);
  await pool.end();
  access.close();
});
