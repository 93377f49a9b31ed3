import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';
import type { CacheAnswer, CacheRequest } from '../cache/cache-messages.ts';
import { HeapWatch } from './heap-watch.ts';
import type { HeapVerdict } from './heap-watch.ts';
import type { LeaseEnd } from './lease-end.ts';
import type { FromThread, FromWorker, ToThread, ToWorker, WorkerData, WorkerSettings } from './messages.ts';

/** What graphs execute in: a thread of this process, or a process of their own. */
export type GraphHost = {
  send: (message: ToWorker | CacheAnswer) => void;
  /** Ends it immediately, whatever the graphs do; resolves when it is gone. */
  terminate: () => Promise<void>;
};

export type HostOptions = {
  settings: WorkerSettings;
  /** The graphs' environment. */
  environment: NodeJS.ProcessEnv;
  /** Heap that the graphs may keep, in MiB (HeapWatch). */
  memoryMb: number;
  /** MiB of heap beyond that for short-lived data, such as one large allocation. */
  roomMb: number;
  /** See HeapWatchEvents. */
  onHeapMeasured?: ((part: number) => void) | undefined;
  /** When the lease ends under which the graphs execute. */
  leaseEnd: LeaseEnd;
  /** Answers requests of its graphs to the node cache; null for what needs no answer or is answered elsewhere. */
  answerCache: (request: CacheRequest) => CacheAnswer | null;
};

export type HostEvents = {
  onMessage: (message: FromWorker) => void;
  /** It is gone, and not because of `terminate`. May be called more than once. `crashed`: what executed in it may be the cause. */
  onEnd: (error: Error, crashed: boolean) => void;
  /** Whether graphs execute in it. */
  isBusy: () => boolean;
  /** Its graphs keep more heap than they may. */
  onFull: (verdict: HeapVerdict) => void;
};

/**
 * MiB of heap for new objects, of which V8 never gives anything back: half of its default. The CPU time of a run is the same
 * (`npm run bench -- throughput`).
 */
const YOUNG_MB = 24;

const ENTRY = new URL('./inside/entry.ts', import.meta.url);

/**
 * Starts a worker thread in this process. It is talked to over a channel of its own: `parentPort` belongs to the project,
 * whose libraries may post anything to it, listen to it or close it (I10).
 */
export function startThread(options: HostOptions, events: HostEvents): GraphHost {
  const { settings, environment, memoryMb, roomMb, leaseEnd } = options;
  const { port1: port, port2: portInside } = new MessageChannel();
  const worker = new Worker(ENTRY, {
    workerData: { settings, leaseEnd: leaseEnd.buffer, port: portInside } satisfies WorkerData,
    transferList: [portInside],
    env: environment,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb + roomMb, maxYoungGenerationSizeMb: YOUNG_MB },
    name: 'graphs',
  });
  const watch = new HeapWatch(memoryMb, roomMb, {
    isBusy: events.isBusy,
    readUsed: () => readUsed(worker),
    onMeasured: options.onHeapMeasured,
    collect: () => port.postMessage({ type: 'collect' } satisfies ToThread),
    onFull: events.onFull,
  });
  const receive = (message: FromThread): void => {
    if (message.type === 'collected') watch.collected(message.usedBytes);
    else if (message.type === 'cache') {
      const answer = options.answerCache(message);
      if (answer !== null) port.postMessage(answer);
    } else events.onMessage(message);
  };
  port.on('message', receive);
  worker.once('exit', () => {
    watch.stop();
    // What it had told before its end counts.
    for (let told = receiveMessageOnPort(port); told !== undefined; told = receiveMessageOnPort(port)) {
      receive(told.message as FromThread);
    }
    port.close();
  });
  worker.on('error', (error) => events.onEnd(error, true));
  worker.on('exit', (code) => events.onEnd(new Error(`The worker thread ended with code ${code}.`), true));
  // Each call would wait for the end with a listener of its own, and several attempts may be deaf.
  let ending: Promise<unknown> | null = null;
  return {
    send: (message) => {
      if (message.type === 'start') watch.resume();
      port.postMessage(message);
    },
    terminate: async () => {
      watch.stop();
      await (ending ??= worker.terminate());
    },
  };
}

/** Null before the thread executes and after its end; an event reports the end. */
async function readUsed(worker: Worker): Promise<number | null> {
  try {
    return (await worker.getHeapStatistics()).used_heap_size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_NOT_RUNNING') return null;
    throw error;
  }
}
