/** Real Postgres, real processes. Decides: tables, the ledger of migrations, and the answer to each caller. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import type { MigrateOptions } from './migrate.ts';
import { createOwnDatabase, recordingLogger } from '../own-database.fixture.ts';
import type { OwnDatabase } from '../own-database.fixture.ts';
import { DatabaseAccess } from '../access/database-access.ts';
import { createPool } from '../pool.ts';
import { whenAllowed } from '../access/when-allowed.ts';

let database: OwnDatabase;
let onlooker: pg.Pool;
let folder: string;
let log: ReturnType<typeof recordingLogger>;

beforeEach(async () => {
  database = await createOwnDatabase();
  log = recordingLogger();
  onlooker = createPool({ url: database.url, applicationName: 'onlooker', logger: log.logger });
  folder = mkdtempSync(join(tmpdir(), 'runlane-migrations-'));
  file('0001_create_runs.sql', 'create table runs (id int primary key);\ncreate index runs_by_id on runs (id);\n');
  file('0002_add_status.sql', "alter table runs add column status text not null default 'pending';");
  file('README.md', 'not a migration');
});
afterEach(async () => {
  await onlooker.end();
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function migrateHere(options: Partial<MigrateOptions> = {}): Promise<string[]> {
  return migrate({ databaseUrl: database.url, directory: folder, schema: 'runlane', logger: log.logger, ...options });
}

async function column(text: string): Promise<unknown[]> {
  const { rows } = await onlooker.query({ text, rowMode: 'array' });
  return rows.map((row) => (row as unknown[])[0]);
}

const ledger = (): Promise<unknown[]> => column('select name from runlane.migrations order by id');

test('applies what is missing, in order, into the schema, and nothing twice', async () => {
  expect(await migrateHere()).toEqual(['0001_create_runs', '0002_add_status']);
  expect(await column(`select schemaname from pg_tables where tablename = 'runs'`)).toEqual(['runlane']);
  expect(await migrateHere({ directory: pathToFileURL(`${folder}/`) })).toEqual([]);
  file('0010_add_lease.sql', 'alter table runs add column lease int;');
  expect(await migrateHere()).toEqual(['0010_add_lease']);
  expect(await ledger()).toEqual(['0001_create_runs', '0002_add_status', '0010_add_lease']);
});

test('two services with a schema each share a database', async () => {
  await migrateHere();
  expect(await migrateHere({ schema: 'webhooks' })).toEqual(['0001_create_runs', '0002_add_status']);
  expect(await column(`select schemaname from pg_tables where tablename = 'runs' order by 1`)).toEqual([
    'runlane',
    'webhooks',
  ]);
});

test('an older program accepts a database that a newer one has migrated', async () => {
  file('0003_add_lease.sql', 'alter table runs add column lease int;');
  await migrateHere();
  rmSync(join(folder, '0003_add_lease.sql'));
  expect(await migrateHere()).toEqual([]);
});

test('a program that is too old for a migration migrates nothing, and names the migration', async () => {
  file('0004_drop_status_needs_0003.sql', 'alter table runs drop column status;');
  file('0003_add_lease.sql', 'alter table runs add column lease int;');
  await migrateHere();
  rmSync(join(folder, '0004_drop_status_needs_0003.sql'));
  expect(await migrateHere()).toEqual([]);
  rmSync(join(folder, '0003_add_lease.sql'));
  await expect(migrateHere()).rejects.toMatchObject({
    code: 'schema_outdated',
    message:
      'The schema runlane is of a newer version: migration 0004_drop_status_needs_0003 was applied, and with it only ' +
      'processes work that know migration 0003. This one knows those up to 0002: replace it by the newer version.',
  });
});

test('a role that may change nothing waits with a warning until another has migrated, and then only reads', async () => {
  await using role = await createReader();
  const signal = AbortSignal.timeout(60_000);
  const access = new DatabaseAccess({ url: role.url, needs: [], logger: log.logger });
  const preparing = whenAllowed(() => migrateHere({ databaseUrl: role.url }), {
    what: 'schema runlane',
    signal,
    access,
    logger: log.logger,
  });
  await expect
    .poll(() => access.refusals())
    .toEqual([expect.stringMatching(/^Postgres refuses .*permission denied.*DATABASE_URL/)]);
  await migrateHere();
  await onlooker.query(
    `grant usage on schema runlane to ${role.name}; grant select on runlane.migrations to ${role.name}`,
  );
  expect(await preparing).toEqual([]);
  expect(access.refusals()).toEqual([]);
  access.close();
  expect(log.names().filter((name) => name?.startsWith('database.refused'))).toHaveLength(1);
});

test('eight processes at once: one migrates, all succeed', async () => {
  file('0003_take_time.sql', 'select pg_sleep(0.3);');
  const fixture = fileURLToPath(new URL('./migrate-process.fixture.ts', import.meta.url));
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, [fixture, database.url, folder], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const outputs = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
  const exits = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const output of outputs) expect((await output.next()).value).toBe('ready');
  for (const child of children) child.stdin.end('go\n');
  const applied = await Promise.all(outputs.map(async (output) => JSON.parse((await output.next()).value ?? 'null')));
  expect(await Promise.all(exits)).toEqual(Array.from({ length: 8 }, () => 0));
  expect(applied.filter((names) => names.length > 0)).toEqual([
    ['0001_create_runs', '0002_add_status', '0003_take_time'],
  ]);
  expect(await ledger()).toHaveLength(3);
});

test('a migration that fails is rolled back as a whole and named with its line, and the ones before it stay', async () => {
  file('0003_break_things.sql', 'create table half (id int);\n\nalter table rums add column x int;\n');
  file('0004_add_lease.sql', 'alter table runs add column lease int;');
  await expect(migrateHere()).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringContaining('Migration 0003_break_things failed: relation "rums" does not exist'),
  });
  expect(await ledger()).toEqual(['0001_create_runs', '0002_add_status']);
  expect(await column(`select to_regclass('runlane.half')`)).toEqual([null]);
  file('0003_break_things.sql', 'create table half (id int);');
  expect(await migrateHere()).toEqual(['0003_break_things', '0004_add_lease']);
});

test('the line of a syntax error is reported', async () => {
  file('0003_misspell_things.sql', 'select 1;\n\nselekt 2;\n');
  await expect(migrateHere()).rejects.toThrow('syntax error at or near "selekt" (line 3).');
});

test('a new migration with a number below an applied one is refused', async () => {
  await migrateHere();
  file('0000_come_first.sql', 'select 1;');
  await expect(migrateHere()).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringContaining('0000_come_first'),
  });
});

test('comments that look like markers of other tools change nothing', async () => {
  file('0003_add_lease.sql', '-- Up Migration\nalter table runs add column lease int;\n-- Down Migration\nselect 1;');
  await migrateHere();
  expect(
    await column(`select column_name::text from information_schema.columns where table_schema = 'runlane' and
      table_name = 'runs' order by ordinal_position`),
  ).toEqual(['id', 'status', 'lease']);
});

test('a file with the mark runs outside a transaction, also while another process waits for its turn', async () => {
  file(
    '0003_index_status.sql',
    '-- no transaction\ncreate index concurrently if not exists by_status on runs (status);',
  );
  await using blocker = await openBlocker('begin isolation level repeatable read; select 1;');
  const first = migrateHere();
  await expect
    .poll(() =>
      column(
        `select state from pg_stat_activity where query like '%concurrently if not exists%' and pid <> pg_backend_pid()`,
      ),
    )
    .toHaveLength(1);
  const second = migrateHere();
  await expect.poll(() => log.names()).toContain('migration.turn_awaited');
  await blocker.end();
  expect(await first).toHaveLength(3);
  expect(await second).toEqual([]);
  expect(await column(`select indisvalid from pg_index where indexrelid = 'runlane.by_status'::regclass`)).toEqual([
    true,
  ]);
});

test('a migration does not wait long for a table that is in use, but tries again', async () => {
  await migrateHere();
  file('0003_add_lease.sql', 'alter table runs add column lease int;');
  await using blocker = await openBlocker('begin; lock table runlane.runs in share mode;');
  const migration = migrateHere();
  await expect.poll(() => log.names()).toContain('migration.lock_awaited');
  await blocker.end();
  expect(await migration).toEqual(['0003_add_lease']);
});

test('processes that wait for one that never finishes name it', async () => {
  await using blocker = await openBlocker(`select pg_advisory_lock(${PG_MIGRATE_LOCK_ID});`);
  await expect(migrateHere({ timeoutMs: 500 })).rejects.toMatchObject({
    code: 'migration_lock_timeout',
    message: expect.stringMatching(/for too long: backend \d+ \(blocker, idle since .*\)\. End it/),
  });
  await blocker.end();
  expect(await migrateHere()).toHaveLength(2);
});

async function createReader(): Promise<AsyncDisposable & { name: string; url: string }> {
  const name = `reader_${randomUUID().replaceAll('-', '')}`;
  await onlooker.query(`create role ${name} login password 'secret'`);
  const url = new URL(database.url);
  url.username = name;
  url.password = 'secret';
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await onlooker.query(`drop owned by ${name}; drop role ${name}`);
    },
  };
}

/** Somebody else's session, in the state that the text brings it into, until it is ended. */
async function openBlocker(text: string): Promise<AsyncDisposable & { end(): Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url, application_name: 'blocker' });
  await client.connect();
  await client.query(text);
  const end = (): Promise<void> => client.end();
  return { end, [Symbol.asyncDispose]: end };
}
