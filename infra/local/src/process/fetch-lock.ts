import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning } from './process-tree.ts';

// Another process may have the pid by now; no fetch takes this long.
const LONGEST_FETCH_MS = 20 * 60_000;

let queue: Promise<void> = Promise.resolve();

/**
 * Runs one fetch at a time, among all processes that name the same lock file: a second one would load the same files,
 * and Maven 3 does not promise that two may write to one local repository. Two fetches at once, which are possible
 * when a lock is taken over from a dead process, cost time and nothing else.
 */
export function withFetchLock(
  file: string,
  signal: AbortSignal | undefined,
  fetch: () => Promise<void>,
): Promise<void> {
  const turn = queue.then(async () => {
    await acquire(file, signal);
    try {
      await fetch();
    } finally {
      await rm(file, { force: true });
    }
  });
  queue = turn.catch(() => undefined);
  return turn;
}

async function acquire(file: string, signal: AbortSignal | undefined): Promise<void> {
  const mine = `${file}.${process.pid}`;
  await writeFile(mine, String(process.pid));
  try {
    // A link appears together with its content, so that nobody reads an empty lock.
    while (!(await tryLink(mine, file))) {
      if (await isStale(file)) await rm(file, { force: true });
      else await delay(200, undefined, signal && { signal });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

async function tryLink(mine: string, file: string): Promise<boolean> {
  try {
    await link(mine, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(file: string): Promise<boolean> {
  try {
    const holder = Number(await readFile(file, 'utf8'));
    const age = Date.now() - (await stat(file)).mtimeMs;
    // Our own pid is that of an earlier process: within this one the queue above lets one in at a time.
    return holder === process.pid || !isRunning(holder) || age > LONGEST_FETCH_MS;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
}
