import { readFileSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The URL of the copy of a package's entry point that an `import` in the file gives; null when there is none. A project
 * has copies of its own, in one form for `import` and one for `require`.
 *
 * @param entry `.`, or a subpath such as `./callbacks/promises`
 */
export function importedCopy(packageName: string, entry: string, file: string): string | null {
  const manifest = findPackageJSON(packageName, pathToFileURL(file));
  if (manifest === undefined) return null;
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, EntryPoint> };
  const found = exports[entry]?.import;
  if (found === undefined) return null;
  return pathToFileURL(join(dirname(manifest), typeof found === 'string' ? found : found.default)).href;
}

type EntryPoint = { import: string | { default: string } };

/**
 * The exports of a module that a `require` in the file has given before; null when it has not: nothing is loaded for it.
 *
 * @param specifier as in the file, such as `@langchain/core/callbacks/promises`
 */
export function requiredBefore(specifier: string, file: string): unknown {
  const require = createRequire(file);
  try {
    return require.cache[require.resolve(specifier)]?.exports ?? null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code))) return null;
    throw error;
  }
}

const NOT_THERE = new Set(['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED']);
