import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listMigrations } from './migration-files.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runlane-migrations-'));
  writeFileSync(join(folder, '0001_create_runs.sql'), '');
  writeFileSync(join(folder, 'README.md'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  '0002_add_status.sql',
  '0010_drop_old_index.sql',
  '0002_add_2.sql',
  '0002_drop_owner_needs_0001.sql',
  'notes.txt',
])('%s is accepted', async (name) => {
  writeFileSync(join(folder, name), '');
  const names = [name, '0001_create_runs.sql'].filter((file) => file.endsWith('.sql')).map((file) => file.slice(0, -4));
  expect(await listMigrations(folder)).toEqual(names.toSorted());
});

test.each([
  ['create_runs.sql', 'create_runs.sql is not named like 0001_create_runs.sql'],
  ['0003_runs.sql', '0003_runs.sql is not named like'],
  ['003_add_lease.sql', '003_add_lease.sql is not named like'],
  ['00003_add_lease.sql', '00003_add_lease.sql is not named like'],
  ['0003_Add_Lease.sql', '0003_Add_Lease.sql is not named like'],
  ['0003-add-lease.sql', '0003-add-lease.sql is not named like'],
  ['0002_drop_owner_needs_0003.sql', '0002_drop_owner_needs_0003.sql must end in _needs_MMMM'],
  ['0002_drop_owner_needs_18.sql', '0002_drop_owner_needs_18.sql must end in _needs_MMMM'],
  ['0002_split_needs_table.sql', '0002_split_needs_table.sql must end in _needs_MMMM'],
  ['0001_add_lease.sql', '0001_add_lease.sql and 0001_create_runs.sql have the same number'],
])('%s is refused', async (name, message) => {
  writeFileSync(join(folder, name), '');
  await expect(listMigrations(folder)).rejects.toMatchObject({
    code: 'migration_file_invalid',
    message: expect.stringContaining(message),
  });
});

test('a folder without migrations is refused, because it is the wrong folder', async () => {
  rmSync(join(folder, '0001_create_runs.sql'));
  await expect(listMigrations(folder)).rejects.toMatchObject({ code: 'migration_file_invalid' });
});
