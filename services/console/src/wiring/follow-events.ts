import { RunEvents } from '@runlane/client';
import type { EventsOptions } from '@runlane/client';
import { isAbort, retrying } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { EventHub } from '../app/event-hub.ts';

export type Following = {
  connection: EventsOptions;
  hub: EventHub;
  logger: Logger;
};

/**
 * Reads the status topic from its end until `signal` aborts, and passes the events to the hub. The process has one reader, which
 * commits nothing. When it fails, a new one begins at the end of the topic: by then every listener was told to reload its page.
 */
export async function followEventsUntil(signal: AbortSignal, { connection, hub, logger }: Following): Promise<void> {
  const follow = async (): Promise<void> => {
    await using events = await RunEvents.open(connection);
    const close = (): void => void events.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      for await (const { event } of events) {
        hub.tell({ type: event.type, run_id: event.run_id, thread_id: event.thread_id, at: event.occurred_at });
      }
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', close);
    }
  };
  try {
    await retrying(follow, {
      signal,
      isRetryable: () => true,
      onRetry: ({ error, delayMs }) => logger.warn({ err: error, delay_ms: delayMs }, 'events.not_followed'),
    });
  } catch (error) {
    if (!isAbort(error) && !signal.aborted) throw error;
  }
}
