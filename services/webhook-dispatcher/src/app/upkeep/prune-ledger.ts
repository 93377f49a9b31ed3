/**
 * Purpose   Upkeep: deletes deliveries with their attempts, bodies and quarantined records once they are old enough.
 * I4        A repeated record is recognised by its delivery, so deliveries are kept longer than the topic keeps records.
 * I14       Repairs what a crash between two transactions, or a version without a line of URLs, has left behind.
 * I14       Counts survive: pruned rows move to a count of their own.
 */
import { BatchLimit, Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

export interface LedgerPruning {
  /** Deletes up to `limit` delivered deliveries that ended `ageMs` ago, and dead ones twice as old; says how many. */
  pruneDeliveries(ageMs: number, limit: number): Promise<number>;
  /** Deletes up to `limit` bodies of that age without a delivery. */
  pruneEvents(ageMs: number, limit: number): Promise<number>;
  /** Deletes up to `limit` URLs without due deliveries. */
  pruneTargets(ageMs: number, limit: number): Promise<number>;
  /** Brings up to `limit` due deliveries back into line that no process would find otherwise; says how many. */
  mendStranded(limit: number): Promise<number>;
  /** Deletes up to `limit` notices whose last state was published. */
  pruneNotices(ageMs: number, limit: number): Promise<number>;
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

/** Prunes and repairs in rounds until `signal` aborts. A failure of one part does not stop the others. */
export async function pruneUntil(
  signal: AbortSignal,
  { ledger, ageMs, everyMs, logger }: PruneDependencies,
): Promise<void> {
  const pause = new Wakeup();
  const counted = async (what: string, work: () => Promise<number>): Promise<number> => {
    try {
      return await work();
    } catch (error) {
      logger.warn({ err: error, what }, 'ledger.prune_failed');
      return 0;
    }
  };
  const batches = {
    deliveries: new BatchLimit(BATCH),
    events: new BatchLimit(BATCH),
    quarantine: new BatchLimit(BATCH),
    targets: new BatchLimit(BATCH),
    notices: new BatchLimit(BATCH),
  };
  const pruned = (what: keyof typeof batches, prune: (limit: number) => Promise<number>) =>
    counted(what, () => batches[what].all(prune, signal));
  while (!signal.aborted) {
    const mended = await counted('stranded', () => ledger.mendStranded(BATCH));
    if (mended > 0) logger.warn({ mended }, 'ledger.stranded_deliveries_mended');
    const deliveries = await pruned('deliveries', (limit) => ledger.pruneDeliveries(ageMs, limit));
    const events = await pruned('events', (limit) => ledger.pruneEvents(ageMs, limit));
    const quarantined = await pruned('quarantine', (limit) => ledger.pruneQuarantine(2 * ageMs, limit));
    await pruned('targets', (limit) => ledger.pruneTargets(ageMs, limit));
    await pruned('notices', (limit) => ledger.pruneNotices(2 * ageMs, limit));
    if (deliveries + events + quarantined > 0) logger.info({ deliveries, events, quarantined }, 'ledger.pruned');
    await pause.wait(everyMs, signal);
  }
}
