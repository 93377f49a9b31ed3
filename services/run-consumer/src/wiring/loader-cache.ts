import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@runlane/service-kit';

/**
 * What the environment of the graphs needs besides where nothing can be written, as in a container with a read-only file
 * system: tsx keeps what it has compiled in the directory for temporary files, and without one loads no TypeScript at all.
 */
export function loaderCacheSettings(logger: Logger): { TSX_DISABLE_CACHE?: string } {
  try {
    rmdirSync(mkdtempSync(join(tmpdir(), 'runlane-')));
    return {};
  } catch (err) {
    logger.warn(
      { err, directory: tmpdir() },
      'loader.cache_off: nothing can be written for temporary files, so each start compiles the graphs anew; mount 64 MiB there',
    );
    return { TSX_DISABLE_CACHE: '1' };
  }
}
