/**
 * Purpose   Receives NOTIFY on one channel, over a connection of its own, for as long as the process lives.
 * States    connecting ─► listening ──lost──► waiting ─► connecting        any ──close or abort──► closed
 * L1        The handler is called once after every (re)connect, because a notification may have been missed.
 * L2        A connection that died silently is noticed within heartbeatMs + ANSWER_MS.
 * Failure   Notifications are hints: nothing here ever fails the service; every loss is logged and the loop goes on.
 */
import { Wakeup, backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import pg from 'pg';
import { currentUrl } from './database-url.ts';
import type { DatabaseUrl } from './database-url.ts';
import { applySettings } from './session-settings.ts';
import { openConnection } from './dedicated-connection.ts';

export type ListenOptions = {
  /** Postgres URL; the listener opens its own connection, because a pooled one cannot keep a LISTEN. */
  url: DatabaseUrl;
  /** Name of the channel, quoted by the listener. */
  channel: string;
  /** Called with the payload of each notification, and with null after each (re)connect. Must not throw. */
  onNotify: (payload: string | null) => void;
  logger: Logger;
  /** Ends the listener. */
  signal: AbortSignal;
  /** How often to make sure that the server still answers, in milliseconds. Default 15 000. */
  heartbeatMs?: number;
};

export type Listener = AsyncDisposable & {
  /** Stops listening; resolves when the connection is gone. Calling it twice is harmless. */
  close(): Promise<void>;
};

const DEFAULT_HEARTBEAT_MS = 15_000;
const ANSWER_MS = 5_000;
const RECONNECT = { baseMs: 100, maxMs: 5_000 };

/**
 * Listens to a channel until the signal aborts or the listener is closed. Returns immediately and connects in the
 * background, whether or not the database is there yet.
 */
export function listen(options: ListenOptions): Listener {
  const closing = new AbortController();
  const loop = listenForEver(options, AbortSignal.any([options.signal, closing.signal]));
  const close = (): Promise<void> => {
    closing.abort();
    return loop;
  };
  return { close, [Symbol.asyncDispose]: close };
}

async function listenForEver(options: ListenOptions, signal: AbortSignal): Promise<void> {
  const { logger, channel } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal, () => {
        failures = 0;
      });
    } catch (err) {
      if (!signal.aborted) logger.warn({ err, channel }, 'listener.disconnected');
    }
    failures += 1;
    await new Wakeup().wait(backoff(failures, RECONNECT, Math.random()), signal);
  }
}

/** One connection from start to end; returns when the signal aborts, throws when the connection is lost. */
async function listenOnce(options: ListenOptions, signal: AbortSignal, onListening: () => void): Promise<void> {
  const { url, channel, logger, onNotify } = options;
  const config = {
    connectionString: currentUrl(url),
    application_name: `runlane listen ${channel}`,
    query_timeout: ANSWER_MS,
  };
  await using connection = await openConnection(config, logger);
  const { client, lost } = connection;
  using listeners = new DisposableStack();
  // Ends a statement that is under way, too: a frozen server must not delay the end of the process.
  const onAbort = (): void => void client.end();
  signal.addEventListener('abort', onAbort);
  listeners.defer(() => signal.removeEventListener('abort', onAbort));
  client.on('notification', ({ payload }) => onNotify(payload ?? ''));
  if (signal.aborted) return;
  // A listening session is idle most of the time.
  await applySettings(client, config.connectionString, {});
  await client.query(`listen ${pg.escapeIdentifier(channel)}`);
  logger.debug({ channel }, 'listener.connected');
  onListening();
  onNotify(null);

  const loss = new Wakeup();
  void lost.then(() => loss.notify());
  for (;;) {
    const outcome = await loss.wait(options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS, signal);
    if (outcome === 'aborted') return;
    if (outcome === 'notified') throw new Error(`The connection that listens to ${channel} was lost.`);
    await client.query('select 1');
  }
}
