/**
 * Purpose   Retention: deletes published events and ended runs once they are old enough.
 * I4        A repeated request is recognised by its run, so runs are kept longer than the topic keeps records. Without the
 *           row, the request would become a new run.
 */
import { BatchLimit, Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

export interface LedgerPruning {
  /** Deletes up to `limit` of the oldest events that were published `ageMs` ago or longer, and says how many. */
  pruneEvents(ageMs: number, limit: number): Promise<number>;
  /** Deletes up to `limit` runs that ended `ageMs` ago or longer and whose events are gone, and says how many. */
  pruneRuns(ageMs: number, limit: number): Promise<number>;
}

export type PruneDependencies = {
  ledger: LedgerPruning;
  /** Age at which an ended run is deleted, in milliseconds. */
  runsMs: number;
  /** Age at which a published event is deleted, in milliseconds; at most `runsMs`. */
  eventsMs: number;
  /** Time between two rounds, in milliseconds. */
  everyMs: number;
  logger: Logger;
};

/** Small enough that one statement holds its locks for milliseconds. */
const BATCH = 1_000;

/** Prunes in rounds until `signal` aborts. */
export async function pruneUntil(signal: AbortSignal, needs: PruneDependencies): Promise<void> {
  const { ledger, runsMs, eventsMs, everyMs, logger } = needs;
  const pause = new Wakeup();
  const batches = { events: new BatchLimit(BATCH), runs: new BatchLimit(BATCH) };
  while (!signal.aborted) {
    try {
      const eventsAgeMs = Math.min(eventsMs, runsMs);
      const eventCount = await batches.events.all((limit) => ledger.pruneEvents(eventsAgeMs, limit), signal);
      const runCount = await batches.runs.all((limit) => ledger.pruneRuns(runsMs, limit), signal);
      if (eventCount + runCount > 0) logger.info({ events: eventCount, runs: runCount }, 'ledger.pruned');
    } catch (error) {
      logger.warn({ err: error }, 'ledger.prune_failed');
    }
    await pause.wait(everyMs, signal);
  }
}
