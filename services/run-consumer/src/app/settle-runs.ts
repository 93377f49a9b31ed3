/**
 * Purpose   Ends attempts in the ledger. Settlements that arrive while one transaction is under way share the next.
 * I3        A settlement of a run that somebody else owns by now changes nothing and answers `lost`.
 * I10       A settlement that fails for a reason of its own fails alone.
 * I11       While the database is away settlements wait; their runs stay ours as long as our lease is not taken.
 */
import { RetriableError } from '@runlane/kafka';
import { backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { OwnedSettlement, RunSettlements, SettleResult } from './ports.ts';

type Waiting = {
  settlement: OwnedSettlement;
  resolve: (result: SettleResult) => void;
  reject: (error: unknown) => void;
};

/** Most settlements in one transaction: bounds how long the rows of their threads stay locked. */
const MAX_BATCH = 64;
const RETRY = { baseMs: 50, maxMs: 2_000 };

export type SettleDependencies = {
  settlements: RunSettlements;
  /** Resolves after the given milliseconds. */
  delay: (ms: number) => Promise<void>;
  random: () => number;
  logger: Logger;
};

export class SettleQueue {
  readonly #needs: SettleDependencies;
  #waiting: Waiting[] = [];
  #isFlushing = false;

  constructor(needs: SettleDependencies) {
    this.#needs = needs;
  }

  /** Resolves when the settlement is committed, or lost. Thrown when the database refuses it for what it is. */
  settle(settlement: OwnedSettlement): Promise<SettleResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ settlement, resolve, reject });
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // One turn of the event loop lets settlements that are ready together share a transaction.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#settleBatch(this.#waiting.splice(0, MAX_BATCH));
    this.#isFlushing = false;
  }

  async #settleBatch(batch: Waiting[]): Promise<void> {
    try {
      const results = await this.#untilAvailable(batch.map(({ settlement }) => settlement));
      batch.forEach(({ resolve }, index) => resolve(results[index] ?? 'lost'));
    } catch (error) {
      if (batch.length === 1) {
        batch[0]?.reject(error);
        return;
      }
      this.#needs.logger.warn({ err: error, runs: batch.length }, 'settlement.batch_failed');
      for (const waiting of batch) await this.#settleBatch([waiting]);
    }
  }

  async #untilAvailable(settlements: OwnedSettlement[]): Promise<SettleResult[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#needs.settlements.settle(settlements);
      } catch (error) {
        if (!(error instanceof RetriableError)) throw error;
        this.#needs.logger.warn({ err: error, attempt, runs: settlements.length }, 'settlement.waits_for_database');
        await this.#needs.delay(backoff(attempt, RETRY, this.#needs.random()));
      }
    }
  }
}
