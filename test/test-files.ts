/** What the files of the tests need, by what they and the files that they import mention. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const SERVERS = /\binject\(|@runlane\/testkit/;
/** What outlives a test file, or makes it wait for something else than itself. */
const MORE_THAN_ITSELF =
  /\binject\(|@runlane\/(testkit|local)|node:(child_process|worker_threads|net|tls|http|dns|module)\b|\bvi\.(mock|stub)|\bprocess\.|\bimport\(/;

/** What changes the process for the test files after it, or counts on being the first to load a module. */
const KEEPS_TO_ITSELF =
  /\bvi\.(mock|stub|spyOn|useFakeTimers)|node:module\b|\bprocess\.(chdir|execArgv)\b|\bprocess\.env\[[^\]]+\] = |\bdelete process\.env|tsx\/(cjs|esm)\/api/;

/** Whether any of the files wants a Kafka, a registry or a Postgres. What packages offer to tests comes through the testkit. */
export function needServers(files: readonly string[]): boolean {
  return mention(files, SERVERS);
}

/**
 * Test files, by their path from the root. Those that compute and nothing else (`pure`) share a process, and so do those
 * that use servers and processes and leave their own as it was (`sharing`).
 */
export function testFiles(): { pure: string[]; sharing: string[] } {
  const all = globSync('{packages,services,infra,test}/**/*.test.ts', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules',
  });
  const pure = all.filter((file) => !mention([join(ROOT, file)], MORE_THAN_ITSELF));
  const others = all.filter((file) => !pure.includes(file));
  return { pure, sharing: others.filter((file) => !mention([join(ROOT, file)], KEEPS_TO_ITSELF)) };
}

/** Follows relative imports only. */
function mention(files: readonly string[], what: RegExp): boolean {
  const seen = new Set(files);
  for (const file of seen) {
    const source = readFileSync(file, 'utf8');
    if (what.test(source)) return true;
    for (const [, path] of source.matchAll(/from '(\.[^']*\.ts)'/g)) {
      const imported = resolve(file, '..', path ?? '');
      if (existsSync(imported)) seen.add(imported); // the match may be a text that a test writes
    }
  }
  return false;
}
