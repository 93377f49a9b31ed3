/**
 * Checks the tree: no file is too long, no folder too crowded, every event of the log has a name, and modules named by their
 * URL are there.
 *
 * usage: node infra/scripts/house.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourcePaths } from './src/source-paths.ts';
import { houseProblems } from './src/check/house-rules.ts';
import { ROOT } from './src/paths.ts';

const problems = houseProblems(
  sourcePaths(['{services,packages,infra,test}/**/*.ts']).map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  })),
);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
