import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after the milliseconds, or as soon as the signal aborts. */
export async function waitOrAbort(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
