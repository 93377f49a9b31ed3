import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { DeadLetterBacklog, DeadLetterOutbox } from './ports.ts';

export type WatchDeadLettersDependencies = {
  outbox: Pick<DeadLetterOutbox, 'backlog'>;
  /** Time between two looks, in milliseconds. */
  everyMs: number;
  /** Null: it could not be counted. */
  onBacklog: (backlog: DeadLetterBacklog | null) => void;
  logger: Logger;
};

/** Reports how many dead letters wait for their topic, whichever process relays them, until `signal` aborts. Never rejects. */
export async function watchDeadLettersUntil(
  signal: AbortSignal,
  { outbox, everyMs, onBacklog, logger }: WatchDeadLettersDependencies,
): Promise<void> {
  const pause = new Wakeup();
  while (!signal.aborted) {
    try {
      onBacklog(await outbox.backlog());
    } catch (error) {
      onBacklog(null);
      logger.debug({ err: error }, 'dead_letters.not_counted');
    }
    await pause.wait(everyMs, signal);
  }
}
