import type { LocalOptions, LocalServer } from './server.ts';

/** The value of a variable of the options' environment; empty counts as not set. */
export function givenAddress(variable: string, options: LocalOptions): string | undefined {
  return (options.env ?? process.env)[variable] || undefined;
}

/**
 * Takes a server as given, after asking whether it answers (unless `autostart` is `false`).
 *
 * Thrown when it does not answer; the message names the variable.
 */
export async function givenServer(
  variable: string,
  options: LocalOptions,
  ask: () => Promise<unknown>,
): Promise<LocalServer> {
  const address = withoutPassword(givenAddress(variable, options) ?? '');
  if (options.autostart !== false) {
    try {
      await ask();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
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

function withoutPassword(address: string): string {
  return address.replace(/(\/\/[^:/@]*):[^@/]*@/, '$1:***@');
}
