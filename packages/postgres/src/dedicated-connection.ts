import type { Logger } from '@runlane/service-kit';
import type pg from 'pg';
import { createClient } from './database-url.ts';

/** How long a polite goodbye to the server may take before the socket is cut. */
const GOODBYE_MS = 1_000;

/** A connection outside any pool, for what belongs to a session: LISTEN and advisory locks. */
export type DedicatedConnection = AsyncDisposable & {
  client: pg.Client;
  /** Resolves when the connection is gone, for whatever reason. */
  lost: Promise<void>;
};

/**
 * Opens a connection whose failure never ends the process. Disposing it always ends, also with a frozen server.
 *
 * @throws UnusableUrl; the driver's error when the server cannot be reached within 5 s
 */
export async function openConnection(
  config: pg.ClientConfig,
  logger: Pick<Logger, 'debug' | 'warn'>,
): Promise<DedicatedConnection> {
  const client = createClient({
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    ...config,
  });
  const lost = new Promise<void>((resolve) => client.once('end', resolve));
  client.on('error', (err) => logger.debug({ err }, 'database.connection_lost'));
  await client.connect();

  const dispose = async (): Promise<void> => {
    const timer = setTimeout(() => client.connection.stream.destroy(), GOODBYE_MS);
    await client.end();
    clearTimeout(timer);
  };
  return { client, lost, [Symbol.asyncDispose]: dispose };
}
