import { chmod, chown, copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/**
 * Copies the files of a running server so that another one can start on them: it recovers the state at the end of the copy,
 * on a new timeline, like a promoted standby.
 *
 * @param from data directory of the server
 * @param to data directory to make
 */
export async function copyServer(url: string, from: string, to: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('standby', true)`);
    await copyFiles(from, to, (name) => name !== 'postmaster.pid' && name !== 'pg_wal');
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
    await copyFiles(join(from, 'pg_wal'), join(to, 'pg_wal'), () => true);
    const { uid, gid } = await stat(from);
    const texts = {
      backup_label: rows[0]?.labelfile ?? '',
      'recovery.signal': '',
      // There is no archive: recovery ends with the log that was copied.
      'postgresql.auto.conf': `restore_command = 'false'\n`,
    };
    for (const [name, text] of Object.entries(texts)) {
      await writeFile(join(to, name), text, { mode: 0o600 });
      await chown(join(to, name), uid, gid);
    }
  } finally {
    await client.end();
  }
}

/** Also of files that come and go; they belong to whom the folder belongs. */
async function copyFiles(from: string, to: string, isWanted: (name: string) => boolean): Promise<void> {
  const { uid, gid, mode } = await stat(from);
  const own = async (path: string) => {
    await chown(path, uid, gid);
  };
  await mkdir(to);
  await chmod(to, mode & 0o777);
  await own(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!isWanted(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    try {
      if (entry.isDirectory()) await copyFiles(source, target, () => true);
      else await copyFile(source, target).then(() => own(target));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
}
