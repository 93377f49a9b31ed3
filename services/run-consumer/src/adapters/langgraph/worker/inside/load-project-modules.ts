import type { Logger } from '@runlane/service-kit';
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';
import { loadThreadsWith } from './project-threads.ts';

/** Where tsx finds the settings for `require`, which it takes from nowhere else. */
const TSCONFIG = 'TSX_TSCONFIG_PATH';

/**
 * Loads the modules of a project as the tsx command line does in its folder, in both module systems: they may say ./x.js
 * and mean x.ts, use enums or path aliases, and plain type stripping runs none of that. A tsconfig.json that does not
 * resolve, because what it extends is not installed, costs its settings and is told.
 *
 * Scripts that a graph forks are loaded the same way, because `fork` hands on the arguments of the process; and those that it
 * starts as threads.
 *
 * @param tsconfig of the project; null without one. `TSX_TSCONFIG_PATH` names another, as for tsx itself.
 */
export function loadProjectModules(tsconfig: string | null, logger: Logger): void {
  const loader = import.meta.resolve('tsx');
  loadThreadsWith(loader);
  process.execArgv.push('--import', loader);
  const named = process.env[TSCONFIG];
  const file = named ?? tsconfig;
  try {
    if (file !== null) process.env[TSCONFIG] = file;
    registerRequire();
    registerImport({ tsconfig: file ?? false });
  } catch (error) {
    logger.warn({ err: error, file }, 'tsconfig.not_resolved: its settings, such as path aliases, are not used');
    delete process.env[TSCONFIG];
    registerRequire();
    registerImport({ tsconfig: false });
  } finally {
    // What a graph starts as a process has settings of its own.
    if (named === undefined) delete process.env[TSCONFIG];
    else process.env[TSCONFIG] = named;
  }
}
