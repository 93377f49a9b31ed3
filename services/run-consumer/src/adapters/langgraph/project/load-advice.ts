import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Schemes of specifiers that other runtimes know, and Node does not. */
const SCHEMES: Record<string, string> = {
  npm: 'Deno',
  jsr: 'Deno',
  http: 'Deno',
  https: 'Deno',
  bun: 'Bun',
};

/**
 * What to change when the module of a graph does not load because of where the project comes from: another runtime, another
 * language, or an installation that Node does not find by itself.
 *
 * @param error that the import has thrown
 * @param file of the graph
 * @returns a sentence, after the full stop of what stands before it; empty when the error says enough
 */
export function loadAdvice(error: unknown, file: string): string {
  if (file.endsWith('.py')) {
    return '. It is Python. Runlane runs JavaScript and TypeScript: remove it from langgraph.json, and run it with another server.';
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ERR_UNSUPPORTED_ESM_URL_SCHEME') {
    const scheme = /protocol '(\w+):'/.exec(String(error))?.[1] ?? '';
    const runtime = SCHEMES[scheme];
    if (runtime === undefined) return '';
    return `. Specifiers with ${scheme}: belong to ${runtime}, but Runlane runs graphs in Node: install the package and import it by its name.`;
  }
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return '';
  const pnp = nearest('.pnp.cjs', dirname(file));
  if (pnp === null) return missingPackage(error);
  return `. ${pnp} says that Yarn has installed the project without node_modules, which Runlane does not read: set nodeLinker: node-modules in .yarnrc.yml and install again.`;
}

/** Node calls it a package when it is imported and a module when it is required; a path is a file of the project's own. */
const MISSING_PACKAGE = /^Cannot find (?:package|module) '((?:@[^/'\\]+\/)?[^./'@\\][^/'\\]*)/;

function missingPackage(error: unknown): string {
  const name = MISSING_PACKAGE.exec(error instanceof Error ? error.message : '')?.[1];
  return name === undefined ? '' : `. Install the project's packages; if ${name} is not in its package.json, add it.`;
}

/**
 * What is wrong with the path of a graph, as the rest of a sentence about the file; null when that is not why it does not load.
 *
 * @param error that the import has thrown
 */
export function pathProblem(error: unknown, file: string): string | null {
  // Without its extension a file is found as well.
  if (!(error instanceof Error && error.message.includes(`'${file}'`)) || file.endsWith('.py')) return null;
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return 'does not exist. Correct its path in langgraph.json, from whose folder it counts.';
  return stats.isDirectory() ? 'is a folder. Name the file in it that exports the graph.' : null;
}

function nearest(name: string, directory: string): string | null {
  const file = join(directory, name);
  if (existsSync(file)) return file;
  const parent = dirname(directory);
  return parent === directory ? null : nearest(name, parent);
}
