import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { removeLocalData } from './process/own-directory.ts';

/** A data directory that is removed when its scope ends; declare it before the servers, so that they stop first. */
export function temporaryDataDir(): { path: string } & Disposable {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'runlane-local-')));
  chmodSync(path, 0o755); // else Postgres, started by root, would have its data elsewhere
  return { path, [Symbol.dispose]: () => removeLocalData(path) };
}

/** Repeats a check until it returns; rejects with its last error after the deadline. */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs = 75_000): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(50);
  }
}

/** Command lines of all processes that name a directory, as our servers name their data. */
export function processesNaming(directory: string): string[] {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(directory));
}
