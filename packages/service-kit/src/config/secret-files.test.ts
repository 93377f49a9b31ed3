/** Secrets in files. Real: the files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError, loadConfig, unknownRunlaneVariables } from './config.ts';
import { currentSecret } from './secret-files.ts';
import { runlaneVariables } from './variables.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-secret-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const schema = runlaneVariables.pick({ DATABASE_URL: true, RUNLANE_LOG_LEVEL: true });
const file = join(directory, 'url');

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(schema, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test('a secret is read from its file each time that it is needed, without the line end', () => {
  writeFileSync(file, 'postgres://u:first@db/runlane\n');
  const config = loadConfig(schema, { DATABASE_URL_FILE: file });
  expect(config.DATABASE_URL).toBe('postgres://u:first@db/runlane');

  writeFileSync(file, 'postgres://u:second@db/runlane\n');
  expect(currentSecret(config, 'DATABASE_URL')).toBe('postgres://u:second@db/runlane');

  // In the middle of a rotation.
  writeFileSync(file, '');
  expect(currentSecret(config, 'DATABASE_URL')).toBe('postgres://u:first@db/runlane');
  rmSync(file);
  expect(currentSecret(config, 'DATABASE_URL')).toBe('postgres://u:first@db/runlane');
});

test('a value of the environment is used as it is', () => {
  const config = loadConfig(schema, { DATABASE_URL: 'postgres://u:p@db/runlane' });
  expect(currentSecret(config, 'DATABASE_URL')).toBe('postgres://u:p@db/runlane');
});

test('an error about a file does not quote its content', () => {
  const missing = join(directory, 'missing');
  expect(problemsOf({ DATABASE_URL_FILE: missing })).toEqual([
    expect.stringMatching(/^DATABASE_URL_FILE cannot be read: ENOENT.*missing/),
  ]);
  writeFileSync(file, ' \n');
  expect(problemsOf({ DATABASE_URL_FILE: file })).toEqual([`DATABASE_URL_FILE names an empty file, ${file}.`]);
  writeFileSync(file, 'mysql://u:s3cret@db/runlane');
  const problems = problemsOf({ DATABASE_URL_FILE: file });
  expect(problems).toEqual([expect.stringMatching(/^DATABASE_URL must be a URL such as postgres:/)]);
  expect(problems.join()).not.toContain('s3cret');
  expect(problemsOf({ DATABASE_URL_FILE: file, DATABASE_URL: 'postgres://u:p@db/runlane' })).toEqual([
    'DATABASE_URL and DATABASE_URL_FILE are both set. Keep one of them.',
  ]);
});

test('only secrets may come from files, and a file for another variable is refused', () => {
  writeFileSync(file, 'postgres://u:p@db/runlane');
  expect(problemsOf({ DATABASE_URL_FILE: file, RUNLANE_LOG_LEVEL_FILE: file })).toEqual([
    'RUNLANE_LOG_LEVEL_FILE is never read, because RUNLANE_LOG_LEVEL is no secret. Set RUNLANE_LOG_LEVEL itself.',
  ]);
  // A variable of another service.
  expect(unknownRunlaneVariables({ RUNLANE_WEBHOOK_MASTER_KEY_FILE: file, RUNLANE_LOG_LEVEL_FILE: file })).toEqual([
    'RUNLANE_LOG_LEVEL_FILE',
  ]);
});

test.for([
  ['a line end and a byte order mark around it', '\uFEFFpostgres://u:p@db/runlane\r\n', []],
  ['a second line', 'postgres://u:p@db/runlane\r\nof staging\r\n', ['DATABASE_URL must be one line.']],
  ['a # in its password', 'postgres://u:1#2@db/runlane', ['DATABASE_URL has a #, after which nothing counts in a URL']],
  ['quotation marks', '"postgres://u:p@db/runlane"', ['Its quotation marks are part of the value: remove them.']],
] as const)('a file of which the text has %s', ([, text, expected]) => {
  writeFileSync(file, text);
  expect(problemsOf({ DATABASE_URL_FILE: file })).toEqual(
    expected.map((words) => expect.stringContaining(words) as string),
  );
});
