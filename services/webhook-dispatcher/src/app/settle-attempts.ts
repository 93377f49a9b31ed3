/**
 * Purpose   Writes what attempts came to, in group commits: while one transaction is under way, the next ones gather.
 * I11       While the database is away results wait here; by their fences they count only if nobody else took over.
 */
import { RetryableError, backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { DeliveryLedger, Settlement, SettleResult } from './ports.ts';

export type SettleDependencies = {
  ledger: Pick<DeliveryLedger, 'settle'>;
  delay: (ms: number) => Promise<unknown>;
  random: () => number;
  logger: Logger;
};

const MAX_BATCH = 500;
const RETRY = { baseMs: 50, maxMs: 2_000 };

type Waiting = { settlement: Settlement; done: PromiseWithResolvers<SettleResult> };

export class SettleQueue {
  readonly #needs: SettleDependencies;
  #waiting: Waiting[] = [];
  #isFlushing = false;

  constructor(needs: SettleDependencies) {
    this.#needs = needs;
  }

  /** Resolves once it is committed. Thrown: what is wrong with the settlement itself, never that the database is away. */
  settle(settlement: Settlement): Promise<SettleResult> {
    const done = Promise.withResolvers<SettleResult>();
    this.#waiting.push({ settlement, done });
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      // After the results of the same turn of the event loop have gathered.
      setImmediate(() => void this.#flush());
    }
    return done.promise;
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await this.#write(batch);
      } catch (error) {
        if (batch.length === 1) batch[0]?.done.reject(error);
        // One of them spoils the transaction: only that one shall fail.
        else for (const one of batch) await this.#write([one]).catch((reason: unknown) => one.done.reject(reason));
      }
    }
    this.#isFlushing = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { ledger, delay, random, logger } = this.#needs;
    for (let failures = 1; ; failures += 1) {
      try {
        const results = await ledger.settle(batch.map(({ settlement }) => settlement));
        for (const [index, { done }] of batch.entries()) done.resolve(results[index] ?? 'lost');
        return;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        logger.warn({ err: error, failures, attempts: batch.length }, 'settle.awaits_database');
        await delay(backoff(failures, RETRY, random()));
      }
    }
  }
}
