import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes this process the only `npm start` or `npm run infra` of the checkout, until it is disposed or the process exits.
 * A lock whose process is dead is taken over.
 *
 * Thrown when another one is up; the message says which.
 */
export function acquireDevLock(stateDirectory: string, command: string): Disposable {
  mkdirSync(stateDirectory, { recursive: true });
  const file = join(stateDirectory, 'dev.lock');
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid} ${command}\n`);
  try {
    // A link appears together with its content, so that nobody reads an empty lock.
    while (!tryLink(mine, file)) {
      const holder = readHolder(file);
      if (holder !== null && isAlive(holder.pid)) {
        throw new Error(
          `${holder.command} is already up in this checkout (process ${holder.pid}). Stop it first, or use another ` +
            `checkout. If that process is something else, delete ${file}.`,
        );
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
  const release = (): void => rmSync(file, { force: true });
  process.once('exit', release);
  return {
    [Symbol.dispose]: () => {
      release();
      process.off('exit', release);
    },
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function readHolder(file: string): { pid: number; command: string } | null {
  try {
    const [, pid, command] = /^(\d+) (.+)$/m.exec(readFileSync(file, 'utf8')) ?? [];
    return pid === undefined || command === undefined ? null : { pid: Number(pid), command };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false; // an earlier process had our number
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
