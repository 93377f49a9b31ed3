import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Installs packages with npm. Returns a reason when no registry was reached; rejects when anything else went wrong. */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<string | null> {
  const flags = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1'];
  const ending = await runProgram('npm', [...flags, ...packages], { cwd: folder });
  if (ending.code === 0) return null;
  const code = /npm (?:ERR!|error) code (E\w+)/.exec(ending.output)?.[1] ?? '';
  if (/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT)$/.test(code)) {
    return `npm reached no registry (${code})`;
  }
  throw new Error(`npm install ${packages.join(' ')} failed:\n${ending.output}`);
}

/** A Node of that version, kept in `.runlane` for the next run; or why there is none. */
export async function nodeOf(version: string): Promise<{ node: string } | { missing: string }> {
  if (version === process.versions.node) return { node: process.execPath };
  const folder = join(ROOT, '.runlane', 'nodes', version);
  const node = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(node)) return { node };
  // Other processes may do the same at the same time; the first one has put it there.
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const missing = await npmInstall(making, [`node@${version}`, '--prefix', making]);
  if (missing !== null) return { missing };
  try {
    renameSync(making, folder);
  } catch (error) {
    if (!existsSync(node)) throw error;
    rmSync(making, { recursive: true });
  }
  return { node };
}
