import { once } from 'node:events';
import type { SpawnOptions } from 'node:child_process';
import { lastLines } from '../log-file.ts';
import { spawnGuarded } from './guarded-spawn.ts';

/** Options of a tool; `onLine` gets each line of its output as it comes. */
export type ToolOptions = Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid' | 'signal'> & {
  onLine?: (line: string) => void;
};

/**
 * Runs a program to its end and returns what it wrote, errors included.
 *
 * Thrown when it cannot be started, is aborted or fails; the message then holds its last 20 lines.
 */
export async function runTool(file: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { onLine, ...spawnOptions } = options;
  const child = spawnGuarded(file, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let rest = '';
  const read = (chunk: Buffer): void => {
    output += chunk.toString();
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine?.(line);
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  const [code, signal] = await once(child, 'close');
  if (code === 0) return output;
  const ending = signal === null ? `exit code ${code}` : `signal ${signal}`;
  throw new Error(`${file} ${args[0] ?? ''} failed (${ending}):\n${lastLines(output)}`);
}
