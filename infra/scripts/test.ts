/**
 * The check and then the tests, which start the servers that they need. Servers that KAFKA_BROKERS, SCHEMA_REGISTRY_URL
 * and DATABASE_URL name are used as they are.
 *
 * usage: npm test [-- arguments of vitest, such as a path or -t "a name"]
 */
import { runChecks } from './src/check/check-tools.ts';
import { ToolRunner } from './src/tool-runner.ts';

const VITEST = ['run', '--root', '.', '--config', 'test/vitest.config.ts'];

const runner = new ToolRunner();
const checked = await runChecks(runner);
process.exit(
  checked === 0 ? await runner.run({ command: 'vitest', args: [...VITEST, ...process.argv.slice(2)] }) : checked,
);
