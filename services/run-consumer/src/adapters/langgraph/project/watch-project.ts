import { basename, extname } from 'node:path';
import { watch } from 'chokidar';
import type { LangGraphProject } from './langgraph-json.ts';
import { hearOutsideModules } from './outside-modules.ts';

/** Files that modules are made of, and that they read while they load. */
const MODULES = new Set(['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json']);

/** Editors and compilers write several files in a row. */
const PAUSE_MS = 100;

/**
 * Reports files of a project that change, are added or are removed: modules and JSON below the folder of `langgraph.json`,
 * except installed packages and folders whose name begins with a dot. Modules that they import from elsewhere, such as
 * linked packages, are included once they have loaded. Resolves when every later change in the folder will be reported; ends
 * with the signal.
 *
 * @param onChange gets the absolute paths of the changed files, when none has changed for a moment
 */
export async function watchProject(
  { directory }: Pick<LangGraphProject, 'directory'>,
  signal: AbortSignal,
  onChange: (files: string[]) => void,
): Promise<void> {
  const outside = new Set<string>();
  const watcher = watch(directory, {
    ignoreInitial: true,
    ignored: (path, stats) => {
      if (path === directory || outside.has(path)) return false;
      const name = basename(path);
      if (name === 'node_modules' || name.startsWith('.')) return true;
      return stats?.isFile() === true && !MODULES.has(extname(path));
    },
  });
  const changed = new Set<string>();
  let pause: NodeJS.Timeout | undefined;
  watcher.on('all', (_event, path) => {
    if (!MODULES.has(extname(path))) return;
    changed.add(path);
    clearTimeout(pause);
    pause = setTimeout(() => {
      const files = [...changed];
      changed.clear();
      onChange(files);
    }, PAUSE_MS);
  });
  hearOutsideModules(signal, (file) => {
    outside.add(file);
    watcher.add(file);
  });
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(pause);
      void watcher.close();
    },
    { once: true },
  );
  const ready = Promise.withResolvers<void>();
  watcher.once('ready', ready.resolve);
  watcher.once('error', ready.reject);
  await ready.promise;
}
