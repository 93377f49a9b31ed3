import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of Runlane. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What a program has written and how it ended. */
type Ending = { code: number | null; stdout: string; output: string };

/** Runs a program to its end, whatever that is. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: Record<string, string> = {},
): Promise<Ending> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, output }));
  });
}

/** Thrown, with everything it wrote, when the program does not end with 0. */
export async function runWell(...args: Parameters<typeof run>): Promise<Ending> {
  const ending = await run(...args);
  if (ending.code === 0) return ending;
  throw new Error(`${args[0]} ${args[1].join(' ')} ended with ${ending.code}:\n${ending.output}`);
}

/** Installs packages with npm. The reason when no registry was reached; thrown when anything else went wrong. */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<string | null> {
  const flags = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1'];
  const ending = await run('npm', [...flags, ...packages], folder);
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
  mkdirSync(folder, { recursive: true });
  const missing = await npmInstall(folder, [`node@${version}`, '--prefix', folder]);
  return missing === null ? { node } : { missing };
}
