/** The zoo's README: what each case is about, which packages it uses, and how its runs end in both ways. */
import { readFileSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { ZooCase } from './cases.ts';
import type { CaseSeen } from './observation.ts';
import { OLDEST_CASES } from './oldest-cases.ts';
import { OPEN_FAULTS } from './open-faults.ts';

const require = createRequire(import.meta.url);

const HEAD = `# Zoo

Graphs as users write them, on the packages that users install. \`src/zoo.test.ts\` runs each case twice, by a bare script
on the stock PostgresSaver and through Kafka by a run-consumer, and compares how each run ends: values, interrupts, what
comes next and errors; what the graph did in the world; and how many checkpoints it left. Ids and times are masked.

A case is a folder of \`cases\`: \`graph.ts\`, which begins with what it is about, and \`requests.json\`, the runs of one
thread in order. \`cases/lib\` has a chat model that plays a script and, like those of providers, refuses a conversation in
which a call of a tool has no answer. \`src/oldest.test.ts\` runs those that need no more than LangGraph with the oldest
LangGraph that Runlane takes. It has no verdict where a case needs something newer, or
packages besides LangGraph. This file is written by the test: \`npm test -- test/zoo -u\`.

`;

export function readme(cases: readonly ZooCase[], bare: ReadonlyMap<string, CaseSeen>): string {
  const used = new Map(cases.map((zooCase) => [zooCase.name, packagesOf(zooCase)]));
  const versions = installedPackages().map((name) => [name, versionOf(name)]);
  const rows = cases.map((zooCase) => {
    const [about, langgraph] = aboutOf(zooCase);
    const ends = bare.get(zooCase.name)?.runs.map(({ type }) => type.replace('run.', '')) ?? [];
    const verdict = OPEN_FAULTS.get(zooCase.name) ?? 'alike';
    const oldest = OLDEST_CASES.has(zooCase.name) ? 'alike' : '';
    return [zooCase.name, about, used.get(zooCase.name)?.join(', ') ?? '', ends.join(', '), verdict, oldest, langgraph];
  });
  const matrix = ['@langchain/langgraph', 'langgraph-oldest'].map((name) => `with LangGraph ${versionOf(name)}`);
  return (
    HEAD +
    table(['package', 'version'], versions) +
    '\n' +
    table(['case', 'about', 'packages', 'its runs', ...matrix, "LangGraph's own behaviour"], rows)
  );
}

/** From the comment that a graph begins with. */
function aboutOf({ name, file }: ZooCase): [string, string] {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(file, 'utf8'))?.[1];
  if (comment === undefined) throw new Error(`${file} does not say what it is about: begin it with a comment.`);
  const [about = name, langgraph = ''] = comment
    .replace(/\n \*/g, '')
    .trim()
    .split(/\s*LangGraph: /);
  return [about, langgraph];
}

/** Of the graph, and of the case that it takes its graph from. */
function packagesOf({ file }: ZooCase): string[] {
  const source = readFileSync(file, 'utf8');
  const [, original] = /from '\.\.\/([^/']+)\/graph\.ts'/.exec(source) ?? [];
  const text =
    original === undefined ? source : readFileSync(file.replace(/[^/]+\/graph\.ts$/, `${original}/graph.ts`), 'utf8');
  const names = [...text.matchAll(/from '((?:@[^/']+\/)?[^/'.:]+)[^']*'/g)].map(([, name = '']) => name);
  return [...new Set(names)].filter((name) => name !== 'node').toSorted();
}

/** What the test needs and graphs do not. */
const TOOLS = new Set(['pg', 'tsx', 'langgraph-oldest']);

/** What the zoo's manifest names for its graphs. */
function installedPackages(): string[] {
  const { dependencies } = require('../package.json') as { dependencies: Record<string, string> };
  return Object.keys(dependencies).filter((name) => !name.startsWith('@runlane/') && !TOOLS.has(name));
}

function versionOf(name: string): string {
  const manifest = findPackageJSON(name, pathToFileURL(import.meta.filename));
  if (manifest === undefined) throw new Error(`${name} is not installed for the zoo.`);
  return (require(manifest) as { version: string }).version;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, at) => Math.max(3, title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}
