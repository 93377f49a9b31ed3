/**
 * Purpose   Upkeep: deletes deliveries with their attempts, bodies and quarantined records once they are old enough.
 * I4        A delivery is what a repeated record is recognised by, so it is kept longer than records of the topic live.
 * I14       Mends what a crash between two transactions, or a version that knew no line of URLs, has left standing.
 * I14       What was counted stays counted: pruned rows move to a count of their own.
 */
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

export interface LedgerPruning {
  /** Deletes up to `limit` delivered deliveries that ended `ageMs` ago, and dead ones twice as old; says how many. */
  pruneDeliveries(ageMs: number, limit: number): Promise<number>;
  /** Deletes up to `limit` bodies of that age without a delivery. */
  pruneEvents(ageMs: number, limit: number): Promise<number>;
  /** Forgets up to `limit` URLs that nothing is due for. */
  pruneTargets(ageMs: number, limit: number): Promise<number>;
  /** Brings up to `limit` due deliveries back into line that nobody would ever look at; says how many it found. */
  mendStranded(limit: number): Promise<number>;
  pruneQuarantine(ageMs: number, limit: number): Promise<number>;
}

export type PruneDependencies = {
  ledger: LedgerPruning;
  /** Age at which a delivery is deleted, in milliseconds. */
  ageMs: number;
  /** Time between two rounds, in milliseconds. */
  everyMs: number;
  logger: Logger;
};

/** Small enough that one statement holds its locks for milliseconds. */
const BATCH = 1_000;

/** Prunes in rounds until `signal` aborts. */
export async function pruneUntil(
  signal: AbortSignal,
  { ledger, ageMs, everyMs, logger }: PruneDependencies,
): Promise<void> {
  const pause = new Wakeup();
  while (!signal.aborted) {
    try {
      const deliveries = await untilLess(signal, () => ledger.pruneDeliveries(ageMs, BATCH));
      const events = await untilLess(signal, () => ledger.pruneEvents(ageMs, BATCH));
      const quarantined = await untilLess(signal, () => ledger.pruneQuarantine(2 * ageMs, BATCH));
      await untilLess(signal, () => ledger.pruneTargets(ageMs, BATCH));
      const mended = await ledger.mendStranded(BATCH);
      if (mended > 0) logger.warn({ mended }, 'ledger.stranded_deliveries_mended');
      if (deliveries + events + quarantined > 0) logger.info({ deliveries, events, quarantined }, 'ledger.pruned');
    } catch (error) {
      logger.warn({ err: error }, 'ledger.prune_failed');
    }
    await pause.wait(everyMs, signal);
  }
}

async function untilLess(signal: AbortSignal, prune: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await prune();
    total += count;
    if (count < BATCH || signal.aborted) return total;
  }
}
