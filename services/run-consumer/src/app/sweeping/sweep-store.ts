import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

export type SweepStoreDependencies = {
  /** Deletes the expired items of the store, and says how many. */
  sweep: () => Promise<number>;
  everyMs: number;
  logger: Logger;
};

/** Deletes expired items of LangGraph's store in rounds until `signal` aborts. Nobody reads expired items. */
export async function sweepStoreUntil(signal: AbortSignal, needs: SweepStoreDependencies): Promise<void> {
  const { sweep, everyMs, logger } = needs;
  const pause = new Wakeup();
  while (!signal.aborted) {
    try {
      const count = await sweep();
      if (count > 0) logger.info({ items: count }, 'store.swept');
    } catch (error) {
      logger.warn({ err: error }, 'store.sweep_failed');
    }
    await pause.wait(everyMs, signal);
  }
}
