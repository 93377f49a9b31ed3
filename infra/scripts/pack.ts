/**
 * Packs what is used outside of this checkout: the client and the command line, as tarballs that npm installs.
 *
 * usage: npm run pack
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './src/paths.ts';

const folder = join(ROOT, '.runlane', 'packages');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const name of ['client', 'cli']) {
  const cwd = join(ROOT, 'packages', name);
  const { status, error } = spawnSync('pnpm', ['pack', '--pack-destination', folder], { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`Packing packages/${name} failed: ${error?.message ?? `code ${status}`}.`);
}
for (const tarball of readdirSync(folder)) process.stdout.write(`${join(folder, tarball)}\n`);
