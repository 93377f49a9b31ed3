/**
 * Purpose   Reads how the ledger stands, for metrics: what became of every offset, and how old the oldest due is (I14).
 * Cost      The audit counts every row, so it takes at most a twentieth of the time of one connection.
 */
import { Wakeup } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';

/** What became of the offsets of a partition. `gap`: of so many nothing is known; it must be 0. */
export type PartitionAccount = {
  partition: number;
  position: bigint;
  /** How many offsets were read, those the log had deleted before (`absent`) included. */
  offsets: number;
  withoutTarget: number;
  repeats: number;
  delivered: number;
  due: number;
  parked: number;
  dead: number;
  quarantined: number;
  pruned: number;
  absent: number;
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

export type LedgerStanding = { accounts: PartitionAccount[]; watch: Watch; deadByReason: Map<string, number> };

export type WatchDependencies = {
  ledger: LedgerAudit;
  everyMs: number;
  monotonicMs: () => number;
  onStanding: (standing: LedgerStanding) => void;
  logger: Logger;
};

/** An audit of two seconds comes every 40 seconds. */
const PAUSE_PER_AUDIT = 20;

/** Watches until `signal` aborts. */
export async function watchUntil(signal: AbortSignal, needs: WatchDependencies): Promise<void> {
  const { ledger, everyMs, monotonicMs, onStanding, logger } = needs;
  const pause = new Wakeup();
  while (!signal.aborted) {
    const startedMs = monotonicMs();
    try {
      const [accounts, watch, deadByReason] = [await ledger.audit(), await ledger.watch(), await ledger.deadByReason()];
      onStanding({ accounts, watch, deadByReason });
      const gap = accounts.reduce((sum, account) => sum + account.gap, 0);
      if (gap > 0) logger.error({ gap }, 'ledger.has_gap');
    } catch (error) {
      logger.warn({ err: error }, 'ledger.watch_failed');
    }
    await pause.wait(Math.max(everyMs, (monotonicMs() - startedMs) * PAUSE_PER_AUDIT), signal);
  }
}
