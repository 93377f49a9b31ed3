import { Worker } from 'node:worker_threads';
import type { LeaseEnd } from './lease-end.ts';
import type { FromWorker, ToWorker, WorkerData, WorkerSettings } from './messages.ts';

/** What graphs execute in: a thread of this process, or a process of their own. */
export type GraphHost = {
  send: (message: ToWorker) => void;
  /** Ends it at once, whatever the graphs do; resolves when it is gone. */
  terminate: () => Promise<void>;
};

export type HostOptions = {
  settings: WorkerSettings;
  /** The graphs' environment. */
  environment: NodeJS.ProcessEnv;
  /** Heap of the graphs in MiB; above it their thread ends, and only the thread. */
  memoryMb: number;
  /** When the lease ends under which the graphs execute. */
  leaseEnd: LeaseEnd;
};

export type HostEvents = {
  onMessage: (message: FromWorker) => void;
  /** It is gone, and not by `terminate`; called once or more. `crashed`: what executed in it may be the cause. */
  onEnd: (error: Error, crashed: boolean) => void;
};

const ENTRY = new URL('./entry.ts', import.meta.url);

/** Starts a worker thread in this process. */
export function startThread(options: HostOptions, events: HostEvents): GraphHost {
  const { settings, environment, memoryMb, leaseEnd } = options;
  const worker = new Worker(ENTRY, {
    workerData: { settings, leaseEnd: leaseEnd.buffer } satisfies WorkerData,
    env: environment,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    name: 'graphs',
  });
  worker.on('message', events.onMessage);
  worker.on('error', (error) => events.onEnd(error, true));
  worker.on('exit', (code) => events.onEnd(new Error(`The worker thread ended with code ${code}.`), true));
  return {
    send: (message) => worker.postMessage(message),
    terminate: async () => {
      await worker.terminate();
    },
  };
}
