/**
 * Writes what is derived from the sources: the contracts' JSON Schemas and AsyncAPI, the Python client's types and rules,
 * .env.example, the table of variables, the README of the command line, the topics of the contracts and of Strimzi, and what is in infra/observability.
 *
 * usage: npm run generate [-- --check]
 *   --check  writes nothing; names the files that differ and exits 1 when there are any
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readmeText } from '@runlane/cli/readme';
import { pythonFiles } from '@runlane/client-python/generated-files';
import { observabilityFiles } from '@runlane/observability/generated-files';
import { envExample, runlaneVariables, variableTable } from '@runlane/service-kit';
import { ROOT } from './src/paths.ts';
import { note, print } from './src/terminal.ts';
import { ToolRunner } from './src/tool-runner.ts';
import { topicFiles } from './src/topic-files.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const contracts = await new ToolRunner().run({
  command: 'packages/contracts/src/documents/generate.ts',
  args: values.check ? ['--check'] : [],
});
const files = [
  { file: join(ROOT, '.env.example'), text: envExample(runlaneVariables) },
  { file: join(ROOT, 'infra/variables.md'), text: variableTable(runlaneVariables) },
  { file: join(ROOT, 'packages/cli/README.md'), text: readmeText() },
  ...pythonFiles(),
  ...topicFiles(),
  ...(await observabilityFiles()),
];
const isCurrent = files.map((file) => generateFile(file, values.check));
process.exit(isCurrent.includes(false) ? 1 : contracts);

/** False when the file differs and must not be written. */
function generateFile({ file, text }: { file: string; text: string }, isCheck: boolean): boolean {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return true;
  if (isCheck) {
    note(`${file} is not what the sources generate; run npm run generate`);
    return false;
  }
  writeFileSync(file, text);
  print(`wrote ${file}`);
  return true;
}
