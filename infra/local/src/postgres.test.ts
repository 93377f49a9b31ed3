/**
 * Real     Postgres, of whichever provider.
 * Decides  What clients read and how long they wait; the process table for what must be gone.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeLocalData, startPostgres, type LocalPostgres } from './index.ts';
import { isRunning } from './process/process-tree.ts';
import { processPostgres } from './process/postgres.ts';
import { processesNaming, temporaryDataDir } from './test-support.ts';

async function query(url: string, text: string, patienceMs = 20_000): Promise<unknown[]> {
  const patience = { connectionTimeoutMillis: patienceMs, query_timeout: patienceMs };
  const client = new pg.Client({ connectionString: url, ...patience });
  client.on('error', () => undefined); // reported by the query as well
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('a server', () => {
  const data = temporaryDataDir();
  let postgres: LocalPostgres;

  beforeAll(async () => {
    postgres = await startPostgres({ dataDir: data.path });
  });
  afterAll(async () => {
    await postgres?.stop();
    data[Symbol.dispose]();
  });

  test('creates databases, by default with a new name, and from a template', async () => {
    const template = await postgres.createDatabase('Ein "Muster"');
    await query(template, 'create table mark (value text)');
    const copies = [
      postgres.createDatabase(undefined, 'Ein "Muster"'),
      postgres.createDatabase(undefined, 'Ein "Muster"'),
    ];
    const [first, second] = await Promise.all(copies);
    expect(first).not.toBe(second);
    expect(await query(first!, 'select * from mark')).toEqual([]);
    await expect(postgres.createDatabase('Ein "Muster"')).rejects.toThrow(/already exists/);
  });

  test('compares text by code points, in UTF-8, and admits 200 connections', async () => {
    const [row] = await query(postgres.url, `select 'Z' < 'a' as ordered, upper('ü') as upper, length('🙂') as length`);
    expect(row).toEqual({ ordered: true, upper: 'Ü', length: 1 });
    expect(await query(postgres.url, 'show max_connections')).toEqual([{ max_connections: '200' }]);
    expect(await query(postgres.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  test('keeps a committed row over kill and restart, on the same port', async () => {
    const url = await postgres.createDatabase();
    await query(url, 'create table kept (value text)');
    await query(url, `insert into kept values ('before the kill')`);
    await postgres.kill();
    await expect(query(url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
    await postgres.restart();
    expect(await query(url, 'select value from kept')).toEqual([{ value: 'before the kill' }]);
  });

  test('does not answer on open or new connections while it is frozen, and answers again afterwards', async () => {
    const client = new pg.Client({ connectionString: postgres.url, query_timeout: 500 });
    await client.connect();
    await postgres.freeze();
    await expect(client.query('select 1')).rejects.toThrow(/timeout/i);
    await expect(query(postgres.url, 'select 1', 500)).rejects.toThrow(/timeout/i);
    await postgres.thaw();
    await query(postgres.url, 'select 1');
    await client.end();
  });

  test('stops while it is frozen', async () => {
    await postgres.freeze();
    await postgres.stop();
    await postgres.restart();
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

test('kill ends the sessions as well, even frozen ones, and stop leaves no process', async () => {
  using data = temporaryDataDir();
  await using postgres = await processPostgres({ dataDir: data.path });
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => undefined); // the kill is what this test is about
  await client.connect();
  expect(processesNaming(data.path)).toHaveLength(1);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = rows[0]!.pid;
  expect(isRunning(backend)).toBe(true);
  await postgres.freeze();
  await postgres.kill();
  expect(isRunning(backend)).toBe(false);
  await postgres.restart();
  await postgres.stop();
  expect(processesNaming(data.path)).toEqual([]);
});

test('two servers run side by side, one of them below a directory that only we may enter', async () => {
  using data = temporaryDataDir();
  const closed = join(data.path, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o700);
  const inside = join(closed, 'data');
  await using first = await processPostgres({ dataDir: data.path });
  await using second = await processPostgres({ dataDir: inside });
  const database = await second.createDatabase('only-there');
  expect(await query(database, 'select 1 as one')).toEqual([{ one: 1 }]);
  await expect(query(database.replace(second.url.slice(0, -9), first.url.slice(0, -9)), 'select 1')).rejects.toThrow(
    /does not exist/,
  );
  await second.stop();
  removeLocalData(inside);
});
