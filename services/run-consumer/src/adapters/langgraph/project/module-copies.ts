import { readFileSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The URL of a package's entry point that an `import` in the file loads; null when there is none. A project has its own
 * copies, in one form for `import` and one for `require`.
 *
 * @param entry `.`, or a subpath such as `./callbacks/promises`
 */
export function importedCopy(packageName: string, entry: string, file: string): string | null {
  const manifest = manifestOf(packageName, file);
  if (manifest === null) return null;
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, EntryPoint> };
  const found = exports[entry]?.import;
  if (found === undefined) return null;
  return pathToFileURL(join(dirname(manifest), typeof found === 'string' ? found : found.default)).href;
}

/** The package.json of the copy of a package that a file resolves; null when it resolves none. */
export function manifestOf(packageName: string, file: string): string | null {
  try {
    return findPackageJSON(packageName, pathToFileURL(file)) ?? null;
  } catch (error) {
    if (isNotThere(error)) return null;
    throw error;
  }
}

type EntryPoint = { import: string | { default: string } };

/**
 * The exports of a module that a `require` in the file has loaded already; null when it has not. Loads nothing.
 *
 * @param specifier as in the file, such as `@langchain/core/callbacks/promises`
 */
export function requiredBefore(specifier: string, file: string): unknown {
  const require = createRequire(file);
  try {
    return require.cache[require.resolve(specifier)]?.exports ?? null;
  } catch (error) {
    if (isNotThere(error)) return null;
    throw error;
  }
}

function isNotThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code));
}

const NOT_THERE = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED']);
