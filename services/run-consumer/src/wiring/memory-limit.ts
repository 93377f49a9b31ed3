import type { RunConsumerConfig } from '../config.ts';

/** What a process takes besides the heaps of its worker threads, in MiB: itself, and what lies outside of heaps. */
const BESIDES_HEAPS_MB = 512 + 256;
const MIB = 1_048_576;

/**
 * Why a container may be killed in the middle of runs, as a sentence for the log; null when its limit is enough for the worker
 * threads, or when there is none. A heap that may grow above the limit of its container never meets its own.
 *
 * @param limitBytes what `process.constrainedMemory()` tells: 0 or the whole machine's without a limit
 */
export function memoryWarning(
  config: Pick<RunConsumerConfig, 'RUNLANE_ROLES' | 'RUNLANE_WORKER_THREADS' | 'RUNLANE_WORKER_MEMORY_MB'>,
  limitBytes: number,
): string | null {
  const { RUNLANE_ROLES: roles, RUNLANE_WORKER_THREADS: threads, RUNLANE_WORKER_MEMORY_MB: heapMb } = config;
  const neededMb = BESIDES_HEAPS_MB + threads * heapMb;
  const limitMb = Math.floor(limitBytes / MIB);
  if (limitBytes === 0 || !roles.includes('execution') || limitMb >= neededMb) return null;
  return (
    `this process may use ${limitMb} MiB, and with its worker threads it may need ${neededMb} MiB: it would be killed in the middle of ` +
    'runs. Raise the limit of its memory, or lower RUNLANE_WORKER_MEMORY_MB or RUNLANE_WORKER_THREADS'
  );
}
