/** Threads that a project's modules start, such as those of a pool for images or embeddings. */
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * Makes the scripts of threads that modules of this thread start go through a loader as well, as they do under the tsx command
 * line: there they have the arguments of the process, in which the loader is. One that is started with arguments of its own
 * (`execArgv`) has only those, there too.
 *
 * @param loader URL of a module that installs it; `process.execArgv` is to import it too
 */
export function loadThreadsWith(loader: string): void {
  const { Worker: Plain } = threads;
  const own = ['--import', loader];
  class Worker extends Plain {
    constructor(script: string | URL, options?: WorkerOptions) {
      if (options?.execArgv !== undefined) {
        super(script, options);
        return;
      }
      try {
        super(script, { ...options, execArgv: process.execArgv });
      } catch (error) {
        // Arguments that are for processes only, such as a heap size, would be refused for a thread.
        if (!(error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INVALID_EXEC_ARGV')) throw error;
        super(script, { ...options, execArgv: own });
      }
    }
  }
  threads.Worker = Worker;
  syncBuiltinESMExports();
}
