import { setTimeout as delay } from 'node:timers/promises';
import type { LocalOptions } from '../server.ts';

const VARIABLE = 'RUNLANE_SERVERS';
const ANSWER_WITHIN_MS = 5_000;

/**
 * Whether servers are to run in containers, because `RUNLANE_SERVERS` of the options' environment says so.
 *
 * Thrown when the variable has an unknown value, and when no container engine answers; a `docker` on `PATH` does not prove
 * that one does.
 */
export async function wantsContainers(options: LocalOptions): Promise<boolean> {
  const wanted = (options.env ?? process.env)[VARIABLE] || 'processes';
  if (wanted === 'processes') return false;
  if (wanted !== 'containers') throw new Error(`${VARIABLE} is ${wanted}. It must be processes or containers.`);
  answer ??= askEngine();
  await answer;
  return true;
}

/** The engine is asked once. */
let answer: Promise<void> | undefined;

async function askEngine(): Promise<void> {
  // Loaded only here and in the container provider: it takes a third of a second.
  const { getContainerRuntimeClient } = await import('testcontainers');
  const giveUp = new AbortController();
  try {
    await Promise.race([
      getContainerRuntimeClient(),
      delay(ANSWER_WITHIN_MS, undefined, { ref: false, signal: giveUp.signal }).then(() => {
        throw new Error(`no answer within ${ANSWER_WITHIN_MS / 1_000} s`);
      }),
    ]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${VARIABLE}=containers, and no container engine answers (${reason}). Start one, or unset ${VARIABLE}: then the ` +
        'servers run as plain processes.',
      { cause: error },
    );
  } finally {
    giveUp.abort();
  }
}
