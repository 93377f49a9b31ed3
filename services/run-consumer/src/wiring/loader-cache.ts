import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@runlane/service-kit';

/**
 * Additions to the environment of the graphs for a read-only file system, as in a container: tsx caches compiled modules in
 * the directory for temporary files, and without one it loads no TypeScript.
 */
export function loaderCacheSettings(logger: Logger): { TSX_DISABLE_CACHE?: string } {
  try {
    rmdirSync(mkdtempSync(join(tmpdir(), 'runlane-')));
    return {};
  } catch (err) {
    logger.warn(
      { err, directory: tmpdir() },
      'loader.cache_off: temporary files cannot be written, so each start compiles the graphs again; mount 64 MiB there',
    );
    return { TSX_DISABLE_CACHE: '1' };
  }
}
