/**
 * The files of `.runlane` that two commands may want at once: the lock and dev.env. Real files, in a directory per
 * test.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publishDevEnv, removeStaleDevEnv } from './dev-env.ts';
import { acquireDevLock } from './dev-lock.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'runlane-state-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const lockFile = (): string => join(directory, 'dev.lock');

test('a lock is released when it is disposed, and leaves nothing', () => {
  {
    using _lock = acquireDevLock(directory, 'npm start');
    expect(readFileSync(lockFile(), 'utf8')).toBe(`${process.pid} npm start\n`);
  }
  expect(readdirSync(directory)).toEqual([]);
});

test('the lock of a live process is respected, and the error says what to do', () => {
  writeFileSync(lockFile(), `${process.ppid} npm run infra\n`);
  expect(() => acquireDevLock(directory, 'npm start')).toThrow(
    new RegExp(`npm run infra is already up in this checkout \\(process ${process.ppid}\\)`),
  );
  expect(readdirSync(directory)).toEqual(['dev.lock']);
});

test.each([
  ['of a dead process', () => `${spawnSync('true').pid} npm start\n`],
  ['of an earlier process with our number', () => `${process.pid} npm start\n`],
  ['without a process', () => ''],
])('a lock %s is taken over', (_name, content) => {
  writeFileSync(lockFile(), content());
  using _lock = acquireDevLock(directory, 'npm start');
  expect(readFileSync(lockFile(), 'utf8')).toBe(`${process.pid} npm start\n`);
});

test('dev.env is readable by its owner alone and goes when it is disposed', () => {
  const file = join(directory, 'dev.env');
  {
    using _devEnv = publishDevEnv(directory, { KAFKA_BROKERS: 'a:1,b:2', RUNLANE_TOPIC_PREFIX: '' });
    expect(readFileSync(file, 'utf8')).toBe('KAFKA_BROKERS=a:1,b:2\nRUNLANE_TOPIC_PREFIX=\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['dev.env']);
  }
  expect(readdirSync(directory)).toEqual([]);
});

test('a value that a shell would change is quoted, and both Node and shells remove the quotes', () => {
  const values = { LANGGRAPH_CONFIG: '/my projects/$HOME/langgraph.json', DATABASE_URL: 'postgres://a:b@c/d?x=1&y=2' };
  using _devEnv = publishDevEnv(directory, values);
  const file = join(directory, 'dev.env');
  expect(parseEnv(readFileSync(file, 'utf8'))).toEqual(values);
  const seen = execFileSync('sh', [
    '-c',
    'set -a; . "$0"; set +a; printf "%s\\n" "$LANGGRAPH_CONFIG" "$DATABASE_URL"',
    file,
  ]);
  expect(String(seen).trim().split('\n')).toEqual(Object.values(values));
});

test('a value that would add a line of its own is refused', () => {
  expect(() => publishDevEnv(directory, { LANGGRAPH_CONFIG: 'a\nDATABASE_URL=b' })).toThrow('LANGGRAPH_CONFIG');
  expect(readdirSync(directory)).toEqual([]);
});

test('files that a killed process left are removed', () => {
  for (const name of ['dev.env', 'dev.env.partial', 'install.lock']) writeFileSync(join(directory, name), '');
  removeStaleDevEnv(directory);
  expect(readdirSync(directory)).toEqual(['install.lock']);
  expect(existsSync(join(directory, 'dev.env'))).toBe(false);
});
