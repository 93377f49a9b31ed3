/**
 * Everything that is checked without running the code: format, lint, types, generated files.
 *
 * usage: npm run check
 */
import { runChecks } from './src/check/check-tools.ts';
import { ToolRunner } from './src/tool-runner.ts';

process.exit(await runChecks(new ToolRunner()));
