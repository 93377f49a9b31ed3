/** Real Postgres. Decides: when the work is asked to end, what the process answers, and whether it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createPool, migrate } from '@runlane/postgres';
import { AbortReason } from '@runlane/service-kit';
import { createDatabase, eventually, silentLogger } from '@runlane/testkit';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { SchemaGuard } from './schema-guard.ts';

const never = new Promise<never>(() => undefined);

let databaseUrl: string;
let pool: ReturnType<typeof createPool>;
let older: string;
let newer: string;
let stop: AbortController;
let outdated: number[];

beforeEach(async () => {
  databaseUrl = await createDatabase(inject('databaseUrl'));
  pool = createPool({ url: databaseUrl, applicationName: 'guard', logger: silentLogger });
  [older, newer] = [folderOf('0001_create_runs'), folderOf('0001_create_runs')];
  await migrateTo(older);
  stop = new AbortController();
  outdated = [];
});
afterEach(async () => {
  stop.abort();
  await pool.end();
  for (const folder of [older, newer]) rmSync(folder, { recursive: true });
});

function folderOf(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'runlane-guard-'));
  for (const name of names) addTo(folder, name);
  return folder;
}

function addTo(folder: string, name: string): void {
  writeFileSync(join(folder, `${name}.sql`), `create table t_${name} ();`);
}

const migrateTo = (directory: string) => migrate({ databaseUrl, directory, schema: 'runlane', logger: silentLogger });

function createGuard(drainMs = 60_000): SchemaGuard {
  return new SchemaGuard({
    pool,
    schema: 'runlane',
    directory: pathToFileURL(`${older}/`),
    everyMs: 20,
    drainMs,
    signal: stop.signal,
    onOutdated: (value) => outdated.push(value),
    logger: silentLogger,
  });
}

test('an additive migration stops nothing; one that this version does not understand ends the work, but not the process', async () => {
  const guard = createGuard();
  let drains = 0;
  // What a loop does that is told to end.
  const loop = new Promise<never>((_resolve, reject) => {
    guard.work.addEventListener('abort', () => reject(guard.work.reason));
  });
  const service = guard.guard({
    failed: [loop],
    drain: async () => void (drains += 1),
    letGo: () => expect.unreachable(),
  });
  let isOver = false;
  for (const failure of service.failed) failure.catch(() => (isOver = true));
  addTo(newer, '0002_add_lease');
  await migrateTo(newer);
  let looks = 0;
  pool.on('acquire', () => (looks += 1));
  await eventually(() => looks > 2, { what: 'the guard has looked again' });
  expect([guard.work.aborted, guard.problem, drains]).toEqual([false, null, 0]);
  // What is watched is known, and not only once it is wrong.
  expect(new Set(outdated)).toEqual(new Set([0]));

  addTo(newer, '0003_drop_owner_needs_0002');
  await migrateTo(newer);
  await eventually(() => drains === 1, { what: 'the work is drained' });
  expect(guard.work.aborted).toBe(true);
  expect(guard.problem).toContain('replace it by the newer version');
  expect(outdated.at(-1)).toBe(1);
  await service.drain?.(0);
  expect([drains, isOver]).toEqual([1, false]);
});

test('work that cannot end with the new schema is abandoned, and the end of the process does not wait for it', async () => {
  const guard = createGuard(50);
  let isLetGo = false;
  const service = guard.guard({ failed: [never], drain: () => never, letGo: () => void (isLetGo = true) });
  addTo(newer, '0002_drop_owner_needs_0002');
  await migrateTo(newer);
  await eventually(() => isLetGo, { what: 'the work is let go of' });
  await expect(service.drain?.(0)).resolves.toBeUndefined();
});

test('once the schema fits again the process ends, so that it is started again', async () => {
  const guard = createGuard();
  const service = guard.guard({ failed: [never], drain: async () => undefined, letGo: () => undefined });
  const failed = Promise.race(service.failed);
  failed.catch(() => undefined); // awaited below
  addTo(newer, '0002_drop_owner_needs_0002');
  await migrateTo(newer);
  await eventually(() => guard.problem !== null, { what: 'the guard sees it' });
  await pool.query(`delete from runlane.migrations where name = '0002_drop_owner_needs_0002'`);
  await expect(failed).rejects.toMatchObject({ code: 'schema_fits_again' });
});

test('a database with an older schema is reported, and ends neither the work nor the process', async () => {
  const guard = createGuard();
  guard.guard({ failed: [never], drain: () => expect.unreachable(), letGo: () => expect.unreachable() });
  const { rows } = await pool.query('delete from runlane.migrations returning *');
  await eventually(() => guard.problem === 'The schema runlane lacks migrations: 0001_create_runs.', {
    what: 'the guard sees that it went back',
  });
  expect(guard.work.aborted).toBe(false);
  await pool.query(
    'insert into runlane.migrations select * from json_populate_recordset(null::runlane.migrations, $1)',
    [JSON.stringify(rows)],
  );
  await eventually(() => guard.problem === null, { what: 'the guard sees it restored' });
});

test('as long as the work goes on, a part that fails for any reason fails the process', async () => {
  const guard = createGuard();
  const broken = Promise.withResolvers<never>();
  const service = guard.guard({ failed: [broken.promise], drain: async () => undefined, letGo: () => undefined });
  const failed = Promise.race(service.failed);
  failed.catch(() => undefined); // awaited below
  broken.reject(new AbortReason('its lease was lost'));
  await expect(failed).rejects.toBeInstanceOf(AbortReason);
});
