/** Long files, crowded folders and events without a name are reported. Decides: the problems. */
import { expect, test } from 'vitest';
import { houseProblems } from './house-rules.ts';

const file = (path: string, text = 'a\n') => ({ path, text });
const folderOf = (count: number) => Array.from({ length: count }, (_none, at) => file(`services/a/src/file-${at}.ts`));

test('a file of 300 lines is accepted, and one of 301 is reported', () => {
  expect(houseProblems([file('a/b.ts', 'line\n'.repeat(300))])).toEqual([]);
  expect(houseProblems([file('a/b.ts', 'line\n'.repeat(301))])).toEqual([
    'a/b.ts: has 301 lines, more than 300. Give one of its ideas a file of its own.',
  ]);
});

test('a folder may have twenty files, not counting tests, fixtures and statements', () => {
  const others = ['a.test.ts', 'a.fixture.ts', 'a.sql'].map((name) => file(`services/a/src/${name}`));
  expect(houseProblems([...folderOf(20), ...others])).toEqual([]);
  expect(houseProblems(folderOf(21))).toEqual(['services/a/src: has 21 files, more than 20. Split it into rooms.']);
});

test.for([
  ["logger.warn({ err: error }, 'consumer.failed')", true],
  ["logger.info({ a }, 'schema.not_marked: another one would not be noticed')", true],
  ["this.#needs.logger.info({ a }, 'the consumer has joined')", false],
  ["logger.error(\n  { err: error, a: b },\n  'consumerFailed',\n)", false],
  ['logger.debug(fields, `${name}.stopped`)', true],
])('%s', ([text, isRight]) => {
  const problems = houseProblems([file('packages/a/src/b.ts', `${text};\n`)]);
  expect(problems).toHaveLength(isRight === true ? 0 : 1);
});

test.for([
  ["await client.query('select pg_notify($1, $2)', [a, b])", false],
  ['await pool.query<{ n: bigint }>(\n  `select n\n   from t where id = $1`,\n  [id],\n)', false],
  ['await client.query(`select pg_advisory_xact_lock(${LOCK})`)', true],
  ["text.replace(pattern, '$1')", true],
])('%s', ([text, isRight]) => {
  expect(houseProblems([file('packages/a/src/b.ts', `${text};\n`)])).toHaveLength(isRight === true ? 0 : 1);
});

test('a module that is named by its URL must exist', () => {
  const naming = (target: string) => file('a/src/b.test.ts', `const ENTRY = new URL('${target}', import.meta.url);\n`);
  expect(houseProblems([file('a/main.ts'), naming('../main.ts')])).toEqual([]);
  expect(houseProblems([file('a/main.ts'), naming('./main.ts')])).toEqual([
    'a/src/b.test.ts: names the module ./main.ts, which is not there. Correct its path.',
  ]);
});
