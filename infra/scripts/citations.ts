/**
 * Checks that every rule that is cited by a code is defined in the document of its letter.
 *
 * usage: node infra/scripts/citations.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { citationProblems } from './src/check/citations.ts';
import { ROOT } from './src/paths.ts';
import { sourcePaths } from './src/source-paths.ts';

// Its texts cite what nobody defines.
const LEFT_OUT = new Set(['infra/scripts/src/check/citations.ts', 'infra/scripts/src/check/citations.test.ts']);

const paths = sourcePaths(['*.md', '{services,packages,infra,test}/**/*.{ts,sql,md,py}']);
const problems = citationProblems(
  paths.filter((path) => !LEFT_OUT.has(path)).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
