/**
 * Rules about the tree itself that a reader notices and no linter does: how long a file is, how many files are side by side,
 * how events of the log are named, that parameters of statements have names, and that a module named by its URL exists.
 */
import { posix } from 'node:path';
import type { SourceFile } from './citations.ts';

/** A file with more lines holds two ideas. */
const MAX_LINES = 300;
/** With more files side by side, tests and statements aside, readers search instead of finding. */
const MAX_FILES = 20;

/** A call of a logger, up to the end of its arguments' first text. */
const LOG_CALL = /\blogger\??\.(?:info|warn|error|debug)\(\s*(?:\{[^{}]*\}|[\w.]+),\s*(['`])((?:(?!\1)[^\\])*)\1/g;
/** What a template fills in is not looked at. */
const EVENT_NAME = /^[a-z0-9_]+\.(?:[a-z0-9_]|\$\{\w+\})+(?:$|: )/;

/** A call that gives a statement as text with parameters by number. */
const POSITIONAL = /\bquery(?:<[^()]*>)?\(\s*(?:\w+,\s*)?(?:`[^`]*\$\d|'[^'\n]*\$\d)/;

/** A module beside this one, by its URL: no compiler sees it when files move. */
const MODULE_URL = /\bnew URL\(\s*'([^'$]+\.ts)',\s*import\.meta\.url/g;
/** Tests that write whole projects, whose modules are texts. */
const WRITES_MODULES = /^test\/e2e\/src\/projects\//;

/** The problems, one sentence each; empty when there is none. */
export function houseProblems(files: readonly SourceFile[]): string[] {
  return [
    ...files.flatMap(lengthProblems),
    ...files.flatMap(eventProblems),
    ...files.flatMap(parameterProblems),
    ...moduleProblems(files),
    ...folderProblems(files),
  ];
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

function parameterProblems({ path, text }: SourceFile): string[] {
  if (!isProduct(path) || !POSITIONAL.test(text)) return [];
  return [`${path}: has a statement with parameters by number. Name them, in a file of its own.`];
}

function moduleProblems(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.flatMap(({ path, text }) =>
    Array.from(text.matchAll(MODULE_URL), ([, target = '']) => target)
      .filter((target) => !WRITES_MODULES.test(path) && !paths.has(posix.join(posix.dirname(path), target)))
      .map((target) => `${path}: names the module ${target}, which is not there. Correct its path.`),
  );
}

function folderProblems(files: readonly SourceFile[]): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (isCounted(path)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > MAX_FILES)
    .map(([folder, count]) => `${folder}: has ${count} files, more than ${MAX_FILES}. Split it into rooms.`);
}

/** The statements of a service are in one folder, by name; tests and their fixtures are beside what they test. */
function isCounted(path: string): boolean {
  return path.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(path);
}

function isProduct(path: string): boolean {
  return /^(?:packages|services)\//.test(path) && isCounted(path) && !path.startsWith('packages/testkit/');
}
