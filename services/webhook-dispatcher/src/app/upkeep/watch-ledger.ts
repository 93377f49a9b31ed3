/**
 * Purpose   Reads the state of the ledger for metrics: what was done with every offset, and how old the oldest due delivery
 *           is (I14).
 * Cost      The audit counts every row, so it takes at most a twentieth of the time of one connection. Ages are read at least
 *           once a minute: that reading takes long only while it waits.
 * Alarms    Each reading has rounds of its own: an audit that takes too long does not stop the ages. A failed reading is
 *           reported, so that an old number does not look like a current one.
 */
import { Wakeup, restAfterLook } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

/** What was done with the offsets of a partition. `gap`: offsets of which nothing is known; it must be 0. */
export type PartitionAccount = {
  partition: number;
  position: bigint;
  /** How many offsets were read, including those without a record; `lost`: those that the topic had deleted earlier. */
  offsets: number;
  withoutTarget: number;
  repeats: number;
  delivered: number;
  due: number;
  parked: number;
  dead: number;
  quarantined: number;
  pruned: number;
  lost: number;
  gap: number;
};

/** Ages in seconds, 0 when there is nothing of the kind. */
export type Watch = {
  oldestDueSeconds: number;
  /** Without endpoints whose breaker is open or that asked for a pause: what waits for us. */
  oldestServedDueSeconds: number;
  oldestLeaseSeconds: number;
  openBreakerCount: number;
  disabledEndpointCount: number;
};

export interface LedgerAudit {
  audit(): Promise<PartitionAccount[]>;
  watch(): Promise<Watch>;
  deadByReason(): Promise<Map<string, number>>;
}

/** A reading of the ledger, by what was read. */
export type LedgerReading =
  | { of: 'accounts'; accounts: PartitionAccount[] }
  | { of: 'ages'; watch: Watch }
  | { of: 'dead'; deadByReason: Map<string, number> };

export type WatchDependencies = {
  ledger: LedgerAudit;
  everyMs: number;
  monotonicMs: () => number;
  onReading: (reading: LedgerReading) => void;
  /** It could not be read, so earlier values may be wrong by now. */
  onUnread: (of: LedgerReading['of']) => void;
  logger: Logger;
};

/** What counts every row takes minutes by itself. */
const LONGEST_REST_MS: Readonly<Record<LedgerReading['of'], number>> = {
  accounts: Infinity,
  ages: 60_000,
  dead: Infinity,
};
const REST_AFTER_FAILURE_MS = 600_000;

/** Watches until `signal` aborts. */
export async function watchUntil(signal: AbortSignal, needs: WatchDependencies): Promise<void> {
  const { ledger, logger } = needs;
  await Promise.all([
    readUntil(signal, needs, 'accounts', async () => {
      const accounts = await ledger.audit();
      const gap = accounts.reduce((sum, account) => sum + account.gap, 0);
      if (gap > 0) logger.error({ gap }, 'ledger.has_gap');
      return { of: 'accounts', accounts };
    }),
    readUntil(signal, needs, 'ages', async () => ({ of: 'ages', watch: await ledger.watch() })),
    readUntil(signal, needs, 'dead', async () => ({ of: 'dead', deadByReason: await ledger.deadByReason() })),
  ]);
}

async function readUntil(
  signal: AbortSignal,
  { everyMs, monotonicMs, onReading, onUnread, logger }: WatchDependencies,
  of: LedgerReading['of'],
  read: () => Promise<LedgerReading>,
): Promise<void> {
  const pause = new Wakeup();
  while (!signal.aborted) {
    const startedMs = monotonicMs();
    let longestMs = LONGEST_REST_MS[of];
    try {
      onReading(await read());
    } catch (error) {
      logger.warn({ err: error, of }, 'ledger.watch_failed');
      onUnread(of);
      longestMs = Math.min(longestMs, REST_AFTER_FAILURE_MS);
    }
    await pause.wait(restAfterLook(everyMs, monotonicMs() - startedMs, longestMs), signal);
  }
}
