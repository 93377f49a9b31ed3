import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabaseAt } from '../create-database.ts';
import { localServer, startUnlessDeferred, type MachineServer } from '../lifecycle.ts';
import { askPostgres } from '../probes.ts';
import type { LocalPostgres, PostgresOptions } from '../server.ts';
import { preloading } from '../preloading.ts';
import { serverEnvironment } from './java.ts';
import { ownDirectory } from './own-directory.ts';
import { onFreePorts } from '../free-ports.ts';
import { postgresAccount, type Account } from './postgres-account.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { runTool } from './run-tool.ts';
import { serverProcess } from './server-process.ts';

const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'];
const SPARE = ['fsync=off', 'full_page_writes=off'];

/**
 * Postgres as a process, with its data below `dataDir/postgres`. Started by root it runs as `postgres` or `nobody`.
 *
 * Thrown when its binaries are missing or it does not start.
 */
export async function processPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const env = serverEnvironment(options.env ?? process.env);
  const account = postgresAccount();
  const binaries = await postgresBinaries(account);
  await mkdir(options.dataDir, { recursive: true });
  const home = await ownDirectory(join(options.dataDir, 'postgres'), account);
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  const logFile = join(home, 'postgres.log');
  const password = await rememberedPassword(passwordFile, account);
  const settings = [...SETTINGS, ...(options.isSpare === true ? SPARE : []), ...preloading(options)];

  const prepare = async (signal?: AbortSignal): Promise<void> => {
    if (existsSync(data)) return;
    // A killed initdb leaves half a cluster; so the directory gets its name when it is complete.
    const partial = join(home, 'data.partial');
    await rm(partial, { recursive: true, force: true });
    const args = [
      `--pgdata=${partial}`,
      '--username=postgres',
      '--auth=password',
      // Otherwise it waits until the new files are on the disk; what is committed later waits for that all the same.
      '--no-sync',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      // The built-in provider is the same on every system; macOS has no C.UTF-8 of its own.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    ];
    await runTool(join(binaries, 'bin', 'initdb'), args, { ...account, cwd: home, env, ...(signal && { signal }) });
    await rename(partial, data);
  };

  return onFreePorts(1, async ([port]) => {
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const machine = serverProcess({
      name: 'Postgres',
      file: join(binaries, 'bin', 'postgres'),
      args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      cwd: home,
      env,
      ...account,
      logFile,
      log: options.log,
      stopSignal: 'SIGINT', // "fast": ends the sessions instead of waiting for them
      stopGraceMs: 10_000,
    });
    const server: MachineServer = {
      name: 'Postgres',
      provider: 'process',
      machines: [machine],
      probe: () => askPostgres(url),
      deadlineMs: 60_000,
      prepare,
    };
    await startUnlessDeferred(server, options);
    options.log?.(`Postgres: 127.0.0.1:${port} (process, log ${logFile})`);
    return { ...localServer(server), url, createDatabase: createDatabaseAt(url) };
  });
}

// The administrator may run programs of the server's account, so other users of this machine must not know it.
async function rememberedPassword(file: string, account: Account): Promise<string> {
  if (existsSync(file)) return readFile(file, 'utf8');
  const password = randomBytes(16).toString('hex');
  await writeFile(file, password, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) await chown(file, account.uid, account.gid);
  return password;
}
