/**
 * Writes which test files are the slow ones, test/slow-files.json, from the results of a whole run. Run it when the order
 * or the length of the tests has changed much.
 *
 * usage: .ci/run && node infra/scripts/slow-tests.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './src/paths.ts';

/** Seconds below which a file does not count as slow. */
const SLOW_SECONDS = 10;

type Results = { testResults: { name: string; startTime: number; endTime: number }[] };

const results: Results = JSON.parse(readFileSync(join(ROOT, '.runlane', 'test-results.json'), 'utf8'));
const slow = results.testResults
  .map(({ name, startTime, endTime }) => ({ file: relative(ROOT, name), seconds: (endTime - startTime) / 1_000 }))
  .filter(({ seconds }) => seconds >= SLOW_SECONDS)
  .toSorted((one, other) => other.seconds - one.seconds)
  .map(({ file, seconds }) => [file, Math.round(seconds)]);
writeFileSync(join(ROOT, 'test', 'slow-files.json'), `${JSON.stringify(Object.fromEntries(slow), null, 2)}\n`);
