import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadSql, valuesOf } from './sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'runlane-sql-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): URL {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return pathToFileURL(path);
}

test('a statement is named after its file; its header is removed, its name and inner comments stay', () => {
  const url = write(
    'settle-run-if-owned.sql',
    '-- settle-run-if-owned\n-- params  $run_id uuid,\n--         $status text\n\n-- locks   the run row of $run_id\nupdate runs\n-- only ours\nset status = $status\nwhere run_id = $run_id;\n',
  );
  expect(loadSql(url)).toEqual({
    name: 'settle-run-if-owned',
    text: '-- settle-run-if-owned\nupdate runs\n-- only ours\nset status = $1\nwhere run_id = $2;',
    parameters: ['status', 'run_id'],
  });
});

test('the same file may be loaded twice, and a statement may have no header', () => {
  const url = write('select-one.sql', 'select 1');
  expect(loadSql(url)).toEqual(loadSql(url));
  expect(loadSql(url).text).toBe('-- select-one\nselect 1');
});

test('another file with the same name and another text is refused', () => {
  loadSql(write('a/claim-run.sql', 'select 1'));
  expect(() => loadSql(write('b/claim-run.sql', 'select 2'))).toThrow('another SQL file is also named claim-run');
});

test('an empty file, a missing file and a name that Postgres would cut are refused', () => {
  expect(() => loadSql(write('nothing.sql', '-- only a comment'))).toThrow('contains no SQL statement');
  expect(() => loadSql(pathToFileURL(join(folder, 'missing.sql')))).toThrow('ENOENT');
  expect(() => loadSql(write(`${'x'.repeat(64)}.sql`, 'select 1'))).toThrow('at most 63 characters');
});

test.each([
  ['lacks-one', '-- params  $run_id uuid\nselect $run_id, $limit', '$limit'],
  ['has-one-more', '-- params  $run_id uuid, $limit integer\nselect $run_id', '$limit'],
  ['has-one', '-- params  none\nselect $run_id', '$run_id'],
])('a header that does not name the same parameters is refused: %s', (name, text, parameter) => {
  expect(() => loadSql(write(`${name}.sql`, text))).toThrow(`do not both have the parameter ${parameter}`);
});

test('a parameter that is a number is refused', () => {
  expect(() => loadSql(write('numbered.sql', 'select $1'))).toThrow('needs a name');
});

test('values come in the order of the statement, and a missing or surplus one is refused', () => {
  const claim = loadSql(write('order-values.sql', 'select $limit, $run_ids, $limit'));
  expect(valuesOf(claim, { run_ids: ['a'], limit: null })).toEqual([null, '{"a"}']);
  expect(() => valuesOf(claim, { limit: 1 })).toThrow('order-values.sql needs a value for $run_ids');
  expect(() => valuesOf(claim, { limit: 1, run_ids: [], run_id: 'a' })).toThrow(
    'order-values.sql has no parameter $run_id',
  );
});
