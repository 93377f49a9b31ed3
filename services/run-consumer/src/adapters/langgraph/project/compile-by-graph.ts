/**
 * Decorators, class fields and JSX of a monorepo, where each graph belongs to a package with a tsconfig.json of its own: tsx has
 * one for the whole thread. Here, modules that such a package's tsconfig.json includes are compiled with its settings, if
 * they differ from those of tsx, as the tsx command line does in the package's folder.
 */
import { readFileSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { transformSync } from 'esbuild';
import type { Format, Loader } from 'esbuild';
import { createFilesMatcher, getTsconfig, parseTsconfig } from 'get-tsconfig';
import type { FileMatcher, TsConfigJsonResolved } from 'get-tsconfig';

type Settings = NonNullable<ReturnType<FileMatcher>>;

/** Compiler settings that change what a module does. */
const SETTINGS = [
  'experimentalDecorators',
  'jsx',
  'jsxFactory',
  'jsxFragmentFactory',
  'jsxImportSource',
  'target',
  'useDefineForClassFields',
] as const;

const LOADERS: ReadonlyMap<string, Loader> = new Map([
  ['.ts', 'ts'],
  ['.mts', 'ts'],
  ['.cts', 'ts'],
  ['.tsx', 'tsx'],
  ['.jsx', 'jsx'],
]);

/**
 * Call this after tsx is registered, so that these hooks run before those of tsx. A tsconfig.json that does not resolve is
 * passed over; the code for its aliases reports it.
 *
 * @param graphFiles the files that export graphs
 * @param tsconfig the one that tsx uses; null = none
 */
export function compileByGraph(graphFiles: readonly string[], tsconfig: string | null): void {
  const matchers = otherMatchers(graphFiles, tsconfig);
  if (matchers.length === 0) return;
  const settingsOf = (file: string): Settings | null => {
    if (!LOADERS.has(extname(file))) return null;
    for (const matcher of matchers) {
      const settings = matcher(file);
      if (settings !== undefined) return settings;
    }
    return null;
  };
  registerHooks({
    load: (url, context, nextLoad) => {
      if (context.format !== 'module' || !url.startsWith('file:')) return nextLoad(url, context);
      const file = fileURLToPath(url);
      const settings = settingsOf(file);
      if (settings === null) return nextLoad(url, context);
      return { format: 'module', source: compile(file, 'esm', settings), shortCircuit: true };
    },
  });
  compileRequired(settingsOf);
}

/** tsx reads modules of `require` itself, without these hooks. */
function compileRequired(settingsOf: (file: string) => Settings | null): void {
  const { extensions } = createRequire(import.meta.url);
  for (const extension of LOADERS.keys()) {
    const byTsx = extensions[extension];
    if (byTsx === undefined) continue;
    extensions[extension] = (module, filename) => {
      const settings = settingsOf(filename);
      if (settings === null || !('_compile' in module) || typeof module._compile !== 'function') {
        byTsx(module, filename);
      } else module._compile(compile(filename, 'cjs', settings), filename);
    };
  }
}

function compile(file: string, format: Format, settings: Settings): string {
  const { code } = transformSync(readFileSync(file, 'utf8'), {
    format,
    loader: LOADERS.get(extname(file)) ?? 'ts',
    platform: 'node',
    target: `node${process.versions.node}`,
    sourcefile: file,
    sourcemap: 'inline',
    keepNames: true,
    // esbuild uses the settings that it knows.
    tsconfigRaw: JSON.stringify({ compilerOptions: settings.compilerOptions ?? {} }),
  });
  return code;
}

/** The settings of the tsconfigs that differ from those of tsx, innermost first. */
function otherMatchers(graphFiles: readonly string[], tsconfig: string | null): FileMatcher[] {
  const common = heeded(tsconfig === null ? null : parsed(() => parseTsconfig(tsconfig)));
  const others = new Map<string, FileMatcher>();
  for (const file of graphFiles) {
    const found = parsed(() => getTsconfig(dirname(file)));
    if (found === null || found.path === tsconfig || isDeepStrictEqual(heeded(found.config), common)) continue;
    others.set(found.path, createFilesMatcher(found));
  }
  return [...others].toSorted(([one], [other]) => other.length - one.length).map(([, matcher]) => matcher);
}

function heeded(config: TsConfigJsonResolved | null): object {
  const options = config?.compilerOptions ?? {};
  return Object.fromEntries(SETTINGS.map((name) => [name, options[name]]));
}

function parsed<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
