import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@runlane/testkit';
import type { ProgramEnd } from '@runlane/testkit';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const PACKAGE = join(ROOT, 'packages', 'client-python');

/**
 * A Python with the Python client and what its tests need, in an environment that is kept in `.runlane` for the next run; or
 * why there is none.
 *
 * Thrown when there is a Python and a package index, and it fails all the same.
 */
export async function pythonWithClient(): Promise<{ python: string } | { missing: string }> {
  const host = await runProgram('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  if (host.code !== 0) return { missing: 'there is no Python 3.10 or newer' };
  const manifest = readFileSync(join(PACKAGE, 'pyproject.toml'));
  const digest = createHash('sha256').update(manifest).digest('hex').slice(0, 16);
  const environment = join(ROOT, '.runlane', 'python', digest);
  const python = join(environment, 'bin', 'python');
  const ready = join(environment, 'ready');
  if (!existsSync(ready)) {
    const made = await runProgram('python3', ['-m', 'venv', '--clear', environment]);
    if (made.code !== 0) return { missing: `python3 makes no environments: ${lastLine(made.output)}` };
    const { code, output } = await pip(python, ['hatchling', `${PACKAGE}[test]`]);
    if (code !== 0 && /Connection|No matching distribution|Temporary failure/.test(output)) {
      return { missing: `pip reached no package index: ${lastLine(output)}` };
    }
    if (code !== 0) throw new Error(`pip install failed:\n${output}`);
    writeFileSync(ready, '');
  }
  // As a wheel, so that what is tested is what is packed.
  const own = ['--no-index', '--no-deps', '--no-build-isolation', '--force-reinstall', PACKAGE];
  const { code, output } = await pip(python, own);
  if (code !== 0) throw new Error(`pip install of the client failed:\n${output}`);
  return { python };
}

function pip(python: string, args: readonly string[]): Promise<ProgramEnd> {
  return runProgram(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--retries', '1', ...args]);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
