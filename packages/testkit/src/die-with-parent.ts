/**
 * Preloaded into the services that tests and benches start: ends them when their parent is gone, however it went
 * (SIGKILL included).
 */
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;
const parent = process.ppid;

if (isMainThread) {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, LOOK_EVERY_MS).unref();
}
