/**
 * What modules of a project find of the thread that they are in: nothing, as in a script. Modules that are both the script of a
 * thread and its library ask for it, and would take the service for whoever has started them.
 */
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

/**
 * Call this when everything of Runlane has taken from `node:worker_threads` what it needs, and before modules of a project load.
 * Threads that these start find their own surroundings.
 */
export function hideThread(): void {
  Object.assign(threads, { isMainThread: true, parentPort: null, workerData: null });
  syncBuiltinESMExports();
}
