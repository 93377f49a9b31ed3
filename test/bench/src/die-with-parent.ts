/**
 * Preloaded into the processes of a bench: ends them when the bench is gone, however it went (SIGKILL included).
 * run-consumer would otherwise wait for its servers for ever.
 */
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;
const parent = process.ppid;

if (isMainThread) {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, LOOK_EVERY_MS).unref();
}
