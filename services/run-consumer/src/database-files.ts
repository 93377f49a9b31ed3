import { resolve } from 'node:path';
import { currentSecret } from '@runlane/service-kit';
import type { WithSecretFiles } from '@runlane/service-kit';

/** Parameters of a Postgres URL that name files; the driver reads them with each connection. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey'];

/** A DATABASE_URL that means the same files when the process has another directory. Sockets and passwords stay. */
export function withAbsoluteFiles(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const relative = FILES.filter((name) => {
    const file = url.searchParams.get(name);
    return file !== null && file !== '' && file !== 'system' && resolve(file) !== file;
  });
  if (relative.length === 0) return databaseUrl;
  for (const name of relative) url.searchParams.set(name, resolve(url.searchParams.get(name) ?? ''));
  return url.href;
}

/** DATABASE_URL as its file has it now, if it has one. */
export function currentDatabaseUrl(config: WithSecretFiles & { DATABASE_URL: string }): string {
  return withAbsoluteFiles(currentSecret(config, 'DATABASE_URL') ?? config.DATABASE_URL);
}
