import type { Logger } from '@runlane/service-kit';
import { register as registerRequire } from 'tsx/cjs/api';
import { register as registerImport } from 'tsx/esm/api';
import { loadThreadsWith } from './project-threads.ts';

/** The only place from which tsx takes the settings for `require`. */
const TSCONFIG = 'TSX_TSCONFIG_PATH';

/**
 * Loads the modules of a project as the tsx command line does in its folder, in both module systems: they may write ./x.js
 * for x.ts, and use enums or path aliases, none of which works with plain type stripping. A tsconfig.json that does not
 * resolve, because its base is not installed, is reported and ignored.
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
    // A process that a graph starts has its own settings.
    if (named === undefined) delete process.env[TSCONFIG];
    else process.env[TSCONFIG] = named;
  }
}
