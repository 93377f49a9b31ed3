import { setTimeout as delay } from 'node:timers/promises';
import type { LocalOptions, LocalServer } from './server.ts';

/** How long a given server may take to answer, in milliseconds: a database in a cluster may be just starting. */
const ANSWER_WITHIN_MS = 60_000;
/** Thrown when a given server has refused, and would refuse again. */
export class GivenRefuses extends Error {
  override name = 'GivenRefuses';
}

/** SQLSTATEs with which a server would refuse again: the login, or the database. */
const REFUSED = /^(28|3D)/;

/** The value of a variable of the options' environment; empty counts as not set. */
export function givenAddress(variable: string, options: LocalOptions): string | undefined {
  return (options.env ?? process.env)[variable] || undefined;
}

/**
 * Takes a server as given, after asking whether it answers, again and again for `answerWithinMs` (unless `autostart` is
 * `false`).
 *
 * Thrown when it does not answer or refuses; the message names the variable.
 */
export async function givenServer(
  variable: string,
  options: LocalOptions,
  ask: () => Promise<unknown>,
): Promise<LocalServer> {
  const address = withoutPassword(givenAddress(variable, options) ?? '');
  if (options.autostart !== false) {
    try {
      await untilAnswers(ask, options, (reason) => options.log?.(`${variable}=${address} is awaited (${reason})`));
    } catch (error) {
      options.signal?.throwIfAborted();
      const reason = reasonOf(error);
      const advice = `Start that server, correct ${variable}, or unset it to have one started.`;
      throw new Error(`${variable}=${address} does not answer (${reason}). ${advice}`, { cause: error });
    }
  }
  options.log?.(`${variable}=${address} is given`);
  const refuse = async (): Promise<never> => {
    throw new Error(
      `${variable}=${address} is given: what was not started here is not killed, frozen or restarted. ` +
        `Unset ${variable} to have a server that can be.`,
    );
  };
  const stop = async (): Promise<void> => undefined;
  return {
    provider: 'given',
    stop,
    [Symbol.asyncDispose]: stop,
    kill: refuse,
    freeze: refuse,
    thaw: refuse,
    restart: refuse,
  };
}

async function untilAnswers(
  ask: () => Promise<unknown>,
  { signal, answerWithinMs = ANSWER_WITHIN_MS }: LocalOptions,
  onFirstFailure: (reason: string) => void,
): Promise<void> {
  const endsAtMs = performance.now() + answerWithinMs;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      await ask();
      return;
    } catch (error) {
      if (isRefusal(error) || performance.now() > endsAtMs) throw error;
      if (attempt === 1) onFirstFailure(reasonOf(error));
    }
    await delay(500);
  }
}

function isRefusal(error: unknown): boolean {
  if (error instanceof GivenRefuses) return true;
  return error instanceof Error && 'code' in error && REFUSED.test(String(error.code));
}

/** An AggregateError, of a name with several addresses, has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

function withoutPassword(address: string): string {
  return address.replace(/(\/\/[^:/@]*):[^@/]*@/, '$1:***@');
}
