import type { Tool, ToolRunner } from '../tool-runner.ts';
import { note } from '../terminal.ts';

/** What is checked before any test runs: format, lint, types, generated files, cited rules, and the rules of the tree. */
const CHECKS: readonly Tool[] = [
  { command: 'oxfmt', args: ['--check', '.'] },
  { command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { command: 'tsc', args: ['-p', 'tsconfig.base.json'] },
  { command: 'tsc', args: ['-p', 'services/console/page'] },
  { command: 'infra/scripts/generate.ts', args: ['--check'] },
  { command: 'infra/scripts/citations.ts', args: [] },
  { command: 'infra/scripts/house.ts', args: [] },
];

/** Runs all checks and says which failed; the exit code. */
export async function runChecks(runner: ToolRunner): Promise<number> {
  const failed = await runner.runAll(CHECKS);
  if (failed.length === 0) return 0;
  note(`\nThe check failed: ${failed.join(', ')}. Format with npm run format, generated files with npm run generate.`);
  return 1;
}
