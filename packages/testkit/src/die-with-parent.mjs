/**
 * Preloaded into the services that tests and benches start: ends them when their parent is gone, however it went
 * (SIGKILL included), and keeps what Node has compiled for the ones that are started later. The servers of `@runlane/local`
 * cannot look for themselves and have a watchdog (spawnGuarded). Services can, so that no test process needs another one.
 */
import { flushCompileCache } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const LOOK_EVERY_MS = 500;
/** By now the modules are loaded. Node itself would keep them when the process ends, and most are killed. */
const LOADED_AFTER_MS = 3_000;
const parent = process.ppid;

setTimeout(flushCompileCache, LOADED_AFTER_MS).unref();

if (isMainThread) {
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, LOOK_EVERY_MS).unref();
}
