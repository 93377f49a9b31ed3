import { setTimeout as delay } from 'node:timers/promises';
import type { Machine } from './machine.ts';

/** A server that did not start. `isAddressInUse`: another program has one of its ports. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly isAddressInUse: boolean;

  constructor(message: string, options: { cause?: unknown; isAddressInUse: boolean }) {
    super(message, options);
    this.isAddressInUse = options.isAddressInUse;
  }
}

const ADDRESS_IN_USE =
  /address already in use|port is already allocated|port .* in use|could not bind|BindException|EADDRINUSE/i;

/**
 * Repeats a probe until it succeeds.
 *
 * Thrown when one of the machines ends or the deadline passes first (`StartError` with the machine's last words), or
 * the signal aborts.
 */
export async function untilReady(
  name: string,
  machines: readonly Machine[],
  probe: () => Promise<void>,
  options: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const deadline = performance.now() + options.deadlineMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const answer = await probe().then(
      () => ({ isReady: true, cause: undefined }),
      (cause: unknown) => ({ isReady: false, cause }),
    );
    // Checked after a success too: another server on a port that ours did not get would also answer.
    for (const machine of machines) {
      if ((await machine.state()) === 'ended')
        throw await failure(`${name} ended while it started`, machine, answer.cause);
    }
    if (answer.isReady) return;
    if (performance.now() > deadline) {
      throw await failure(`${name} does not answer after ${options.deadlineMs / 1000} s`, machines[0], answer.cause);
    }
    await delay(100);
  }
}

async function failure(what: string, machine: Machine | undefined, cause: unknown): Promise<StartError> {
  const words = (await machine?.lastWords()) ?? '';
  return new StartError(`${what}. Its last lines:\n${words}`, { cause, isAddressInUse: ADDRESS_IN_USE.test(words) });
}
