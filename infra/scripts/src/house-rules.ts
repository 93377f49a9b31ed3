/**
 * Rules about the tree itself that a reader notices and no linter does: how long a file is, how many lie side by side, and how
 * events of the log are named.
 */
import type { SourceFile } from './citations.ts';

/** A file with more lines holds two ideas. */
const MAX_LINES = 300;
/** More files side by side, tests and statements aside, are looked through and not found. */
const MAX_FILES = 20;

/** Folders that have more for now, and how many they may have until they are split. */
export const CROWDED: Readonly<Record<string, number>> = {
  'infra/scripts/src': 34,
  'packages/cli/src': 40,
  'packages/contracts/src': 36,
  'packages/postgres/src': 24,
  'packages/service-kit/src': 26,
  'services/run-consumer/src/adapters/langgraph/worker': 30,
  'services/run-consumer/src/adapters/postgres': 32,
  'services/run-consumer/src/app': 32,
  'services/webhook-dispatcher/src/app': 26,
  'test/graphs/src': 30,
};

/** A call of a logger, up to the end of its arguments' first text. */
const LOG_CALL = /\blogger\??\.(?:info|warn|error|debug)\(\s*(?:\{[^{}]*\}|[\w.]+),\s*(['`])((?:(?!\1)[^\\])*)\1/g;
/** What a template fills in is not looked at. */
const EVENT_NAME = /^[a-z0-9_]+\.(?:[a-z0-9_]|\$\{\w+\})+(?:$|: )/;

/** What is wrong, one sentence each; empty when all is well. */
export function houseProblems(
  files: readonly SourceFile[],
  crowded: Readonly<Record<string, number>> = CROWDED,
): string[] {
  return [...files.flatMap(lengthProblems), ...files.flatMap(eventProblems), ...folderProblems(files, crowded)];
}

function lengthProblems({ path, text }: SourceFile): string[] {
  const lines = text.split('\n').length - 1;
  if (!path.endsWith('.ts') || lines <= MAX_LINES) return [];
  return [`${path}: has ${lines} lines, more than ${MAX_LINES}. Give one of its ideas a file of its own.`];
}

function eventProblems({ path, text }: SourceFile): string[] {
  if (!isProduct(path)) return [];
  return Array.from(text.matchAll(LOG_CALL), ([, , name = '']) => name)
    .filter((name) => !name.startsWith('${') && !EVENT_NAME.test(name))
    .map(
      (name) => `${path}: logs ${JSON.stringify(name)}. Name the event noun.verb; a sentence may follow after a colon.`,
    );
}

function folderProblems(files: readonly SourceFile[], crowded: Readonly<Record<string, number>>): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (isCounted(path)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (const [folder, count] of counts) {
    const allowed = crowded[folder] ?? MAX_FILES;
    if (count > allowed) problems.push(`${folder}: has ${count} files, more than ${allowed}. Split it into rooms.`);
  }
  for (const folder of Object.keys(crowded)) {
    const count = counts.get(folder) ?? 0;
    if (count <= MAX_FILES) problems.push(`${folder}: has ${count} files. Take it from the list in house-rules.ts.`);
  }
  return problems;
}

/** Statements lie in one folder each service, by name; tests and what serves them stand beside what they test. */
function isCounted(path: string): boolean {
  return path.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(path);
}

function isProduct(path: string): boolean {
  return /^(?:packages|services)\//.test(path) && isCounted(path) && !path.startsWith('packages/testkit/');
}
