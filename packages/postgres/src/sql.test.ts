import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadSql } from './sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'runlane-sql-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): URL {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return pathToFileURL(path);
}

test('a statement is named after its file; the header goes, the name and inner comments stay', () => {
  const url = write(
    'settle-run-if-owned.sql',
    '-- settle-run-if-owned\n-- params  $1 run_id uuid\n\n-- locks   the run row\nupdate runs\n-- only ours\nset status = $1;\n',
  );
  expect(loadSql(url)).toEqual({
    name: 'settle-run-if-owned',
    text: '-- settle-run-if-owned\nupdate runs\n-- only ours\nset status = $1;',
  });
});

test('the same file may be loaded twice, and a statement may have no header', () => {
  const url = write('select-one.sql', 'select 1');
  expect(loadSql(url)).toEqual(loadSql(url));
  expect(loadSql(url).text).toBe('-- select-one\nselect 1');
});

test('another file of the same name and another text is refused', () => {
  loadSql(write('a/claim-run.sql', 'select 1'));
  expect(() => loadSql(write('b/claim-run.sql', 'select 2'))).toThrow('another SQL file is also named claim-run');
});

test('an empty file, a missing file and a name that Postgres would cut are refused', () => {
  expect(() => loadSql(write('nothing.sql', '-- only a comment'))).toThrow('contains no SQL statement');
  expect(() => loadSql(pathToFileURL(join(folder, 'missing.sql')))).toThrow('ENOENT');
  expect(() => loadSql(write(`${'x'.repeat(64)}.sql`, 'select 1'))).toThrow('at most 63 characters');
});
