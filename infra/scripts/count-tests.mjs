/**
 * Prints the counts of a test run and ends with the right exit code. Plain JavaScript, because it must also count when
 * nothing could be installed.
 *
 * usage: node infra/scripts/count-tests.mjs <vitest's JSON report> <exit code of the run>
 */
import { existsSync, readFileSync } from 'node:fs';

const [file, statusText] = process.argv.slice(2);
const status = Number(statusText);
const files = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).testResults : [];
const outcomes = files.flatMap((testFile) => {
  const tests = testFile.assertionResults.map((test) => test.status);
  // A file that does not load, or whose clean-up fails, has no failed test of its own.
  return testFile.status === 'failed' && !tests.includes('failed') ? [...tests, 'failed'] : tests;
});
const count = (status) => outcomes.filter((outcome) => outcome === status).length;

const passed = count('passed');
const isGood = status === 0 && passed > 0 && count('failed') === 0;
const failed = Math.max(count('failed'), isGood ? 0 : 1);
if (status === 0 && passed === 0) console.log('No test has passed, so this run proves nothing.');
console.log(`${passed} passed, ${failed} failed, ${outcomes.length - passed - count('failed')} skipped`);
process.exit(isGood ? 0 : status || 1);
