import { createHash } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { canRun, type Account } from './postgres-account.ts';

// A server that was killed a moment ago may still write a file while its directory is emptied.
const FOR_GOOD = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 };

/**
 * Makes a directory that belongs to the account. If the account may not enter a parent, such as root's home, the directory
 * becomes a link to one below the system's temporary directory. Returns the real path.
 */
export async function ownDirectory(directory: string, account: Account): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const real = await realpath(directory);
  if (account.uid === undefined || account.gid === undefined) return real;
  await chown(real, account.uid, account.gid);
  if (await canRun('/bin/sh', ['-c', 'cd "$0"', real], account)) return real;
  const elsewhere = join(await placeForAll(), dataName(real));
  await mkdir(elsewhere, { recursive: true, mode: 0o700 });
  await chown(elsewhere, account.uid, account.gid);
  await rm(real, { recursive: true });
  await symlink(elsewhere, real);
  return elsewhere;
}

/**
 * Removes a directory of data, with the parts that are elsewhere because Postgres could not use it there. Call it when its
 * servers are stopped. Synchronous, so that it can run while the process exits.
 */
export function removeLocalData(dataDir: string): void {
  const entries = existsSync(dataDir) ? readdirSync(dataDir, { withFileTypes: true }) : [];
  for (const entry of entries.filter((candidate) => candidate.isSymbolicLink())) {
    const link = join(realpathSync(dataDir), entry.name);
    const target = realpathSync(link);
    if (basename(target) === dataName(link)) rmSync(target, FOR_GOOD);
  }
  rmSync(dataDir, FOR_GOOD);
}

/**
 * A directory of root's below the system's temporary directory in which every account can read. Others may create
 * files beside it, so one that somebody else can write is refused.
 */
export async function placeForAll(): Promise<string> {
  const place = join(await realpath(tmpdir()), 'runlane-root');
  await mkdir(place, { recursive: true, mode: 0o711 });
  const found = await lstat(place);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`${place} must be a directory of root that only root can write. Remove it, or set TMPDIR.`);
  }
  await chmod(place, 0o711); // whatever the umask was
  return place;
}

function dataName(link: string): string {
  return `data-${createHash('sha256').update(link).digest('hex').slice(0, 16)}`;
}
