import { setTimeout as delay } from 'node:timers/promises';
import type { LocalOptions } from '../server.ts';

let answer: Promise<boolean> | undefined;

/** Whether a container engine answers within 5 seconds, which a `docker` on `PATH` does not tell. Asked once. */
export function engineAnswers(options: LocalOptions): Promise<boolean> {
  answer ??= askEngine(options);
  return answer;
}

async function askEngine(options: LocalOptions): Promise<boolean> {
  // Loaded only here and in the container provider: it takes a third of a second.
  const { getContainerRuntimeClient } = await import('testcontainers');
  const giveUp = new AbortController();
  try {
    await Promise.race([
      getContainerRuntimeClient(),
      delay(5000, undefined, { ref: false, signal: giveUp.signal }).then(() => {
        throw new Error('no answer within 5 s');
      }),
    ]);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    options.log?.(`no container engine (${reason}): servers run as plain processes`);
    return false;
  } finally {
    giveUp.abort();
  }
}
