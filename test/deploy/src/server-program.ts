import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnGuarded } from '@runlane/local';
import type { Proof } from './part.ts';

/** How long a server may take to end after SIGTERM before it is killed, in milliseconds. */
const STOP_MS = 20_000;

/** A server that runs until the part ends. */
export type ServerProgram = {
  /** Rejects when it ends before it is told to, with its last lines. */
  died: Promise<never>;
};

/** Starts a server whose log is a file of the part's folder. It does not outlive the command, however that ends. */
export function startProgram(
  { scope, folder }: Pick<Proof, 'scope' | 'folder'>,
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): ServerProgram {
  const name = file.split('/').at(-1) ?? file;
  const log = join(folder, `${name}.log`);
  const output = openSync(log, 'a');
  const child = spawnGuarded(file, args, { stdio: ['ignore', output, output], cwd: folder, env: environment });
  closeSync(output);
  const ended = once(child, 'exit');
  let isStopping = false;
  const died = ended.then(
    ([code, signal]) => {
      const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
      throw new Error(`${name} ended with ${String(code ?? signal)}:\n${last}`);
    },
    (error: unknown) => {
      throw new Error(`${name} cannot be started: ${String(error)}`);
    },
  ) as Promise<never>;
  // Nobody need listen, and an end that was asked for is none to tell of.
  died.catch(() => undefined);
  scope.defer(name, async () => {
    if (isStopping || child.exitCode !== null || child.signalCode !== null) return;
    isStopping = true;
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(kill);
  });
  return { died };
}
