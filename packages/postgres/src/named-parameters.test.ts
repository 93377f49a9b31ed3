import { expect, test } from 'vitest';
import { numberParameters } from './named-parameters.ts';

test('names become numbers in the order of their first use; the same name is the same parameter', () => {
  expect(numberParameters('select $run_ids::uuid[], $limit + 1 where id = any ($run_ids) limit $limit')).toEqual({
    text: 'select $1::uuid[], $2 + 1 where id = any ($1) limit $2',
    names: ['run_ids', 'limit'],
  });
});

test('a name that begins with another name has a number of its own', () => {
  expect(numberParameters('values ($run, $run_id, $run_ids2)').text).toBe('values ($1, $2, $3)');
});

test.each([
  ["a text, with its quotes doubled: 'it''s $name'"],
  ["a text with escapes: E'\\'$name\\\\', e'$name'"],
  ['an identifier in quotes: "a""$name"'],
  ['an identifier with a dollar sign: a$name'],
  ['a comment to the end of the line -- $name and $1'],
  ["a comment /* of $name /* nested $name */ ' $name */ select 1"],
  ['a text in dollars: $$ $name $$ and $body$ $name $$ $other$ $body$'],
])('%s is left alone', (sql) => {
  expect(numberParameters(sql)).toEqual({ text: sql, names: [] });
});

test('a name after such a place is numbered', () => {
  const sql = `select 'a$b', "c$d", $$e$f$$, /* $g */ $h::text -- $i\nfrom t where t.j = $k`;
  expect(numberParameters(sql)).toEqual({
    text: `select 'a$b', "c$d", $$e$f$$, /* $g */ $1::text -- $i\nfrom t where t.j = $2`,
    names: ['h', 'k'],
  });
});

test.each(['$1', '$Run', '$_'])('%s is no name', (parameter) => {
  expect(() => numberParameters(`select ${parameter}`)).toThrow(`the parameter ${parameter} needs a name`);
});
