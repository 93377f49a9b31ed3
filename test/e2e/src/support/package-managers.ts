import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type PackageManager = 'npm' | 'pnpm' | 'yarn';

const YARN = fileURLToPath(import.meta.resolve('yarn/lib/cli.js'));

/** Links the packages of a workspace, which need nothing from a registry. The manager leaves nothing outside of the folder. */
export async function install(manager: PackageManager, directory: string): Promise<void> {
  const own = join(directory, '.manager');
  const commands: Record<PackageManager, [string, string[]]> = {
    npm: ['npm', ['install', '--offline', '--no-audit', '--no-fund', '--cache', own]],
    pnpm: ['pnpm', ['install', '--offline', '--store-dir', own]],
    yarn: [process.execPath, [YARN, 'install', '--offline', '--non-interactive', '--cache-folder', own]],
  };
  await promisify(execFile)(...commands[manager], { cwd: directory });
}
