/**
 * Purpose   Ends attempts in the ledger. Settlements that arrive while one transaction is under way share the next.
 * I3        A settlement of a run that somebody else owns by now changes nothing and answers `lost`.
 * I10       None stands in front of the others: one that fails for a reason of its own fails alone, one whose thread is
 *           held, or that is over a limit of the database, goes on by itself, and a transaction that takes long does.
 * I1        An end that the ledger refuses for what it holds is settled once more without that: every run has an end.
 * I11       While the database is away, or refuses what no settlement can cause, such as for a lost grant, settlements wait;
 *           their runs stay ours as long as our lease is not taken.
 */
import { suspectOf } from '@runlane/log-ledger';
import { sqlState } from '@runlane/postgres';
import { OverrunError, RetryableError, Turns, backoff, runFields } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { endingWithoutOutcome } from '../domain/settlement.ts';
import type { BatchResult, OwnedSettlement, RunSettlements, SettleResult } from './ports.ts';

type Waiting = {
  settlement: OwnedSettlement;
  resolve: (result: SettleResult) => void;
  reject: (error: unknown) => void;
  /** It has been refused before, and what it held was left out. */
  isWithoutOutcome?: boolean;
};

/** Most settlements in one transaction: bounds how long the rows of their threads stay locked. */
const MAX_BATCH = 64;
/** Batches at the same time, and settlements alone beside them; each takes a connection, of which others need some. */
const MAX_UNDER_WAY = 4;
const MAX_ALONE = 2;
/** A transaction that takes longer goes on beside the next one, in milliseconds. Many times what one takes under load. */
const SLOW_MS = 250;
const RETRY = { baseMs: 50, maxMs: 2_000 };
/** A settlement that was over a limit is likely to be so again, and each try is work for the database. */
const OVERRUN_RETRY = { baseMs: 1_000, maxMs: 60_000 };

export type SettleDependencies = {
  settlements: RunSettlements;
  /** Resolves after the given milliseconds. */
  delay: (ms: number) => Promise<void>;
  random: () => number;
  logger: Logger;
};

export class SettleQueue {
  readonly #needs: SettleDependencies;
  readonly #underWay = new Set<Promise<void>>();
  readonly #alone = new Turns(MAX_ALONE);
  #waiting: Waiting[] = [];
  #isFlushing = false;
  #unsettledCount = 0;

  constructor(needs: SettleDependencies) {
    this.#needs = needs;
  }

  /** Settlements that were given and have not come to their end. */
  get unsettledCount(): number {
    return this.#unsettledCount;
  }

  /** Resolves when the settlement is committed, or lost. Thrown when our own code cannot write it, in any form. */
  settle(settlement: OwnedSettlement): Promise<SettleResult> {
    this.#unsettledCount += 1;
    const { promise, resolve, reject } = Promise.withResolvers<SettleResult>();
    this.#waiting.push({ settlement, resolve, reject });
    void this.#flush();
    return promise.finally(() => (this.#unsettledCount -= 1));
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // One turn of the event loop lets settlements that are ready together share a transaction.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      await unlessSlow(this.#begin(this.#waiting.splice(0, MAX_BATCH)));
      while (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay);
    }
    this.#isFlushing = false;
  }

  #begin(batch: Waiting[]): Promise<void> {
    const settling = this.#settleBatch(batch).finally(() => this.#underWay.delete(settling));
    this.#underWay.add(settling);
    return settling;
  }

  async #settleBatch(batch: Waiting[]): Promise<void> {
    try {
      const results = await this.#untilAvailable(batch.map(({ settlement }) => settlement));
      batch.forEach((waiting, index) => {
        const result = results[index] ?? 'lost';
        if (result === 'held') void this.#settleAlone(waiting);
        else waiting.resolve(result);
      });
    } catch (error) {
      if (error instanceof OverrunError) {
        this.#needs.logger.warn({ err: error, runs: batch.length }, 'settlement.batch_overran');
        for (const waiting of batch) void this.#settleAlone(waiting);
        return;
      }
      if (batch.length === 1) {
        for (const waiting of batch) this.#refused(waiting, error);
        return;
      }
      this.#needs.logger.warn({ err: error, runs: batch.length }, 'settlement.batch_failed');
      for (const waiting of batch) await this.#settleBatch([waiting]);
    }
  }

  /** Beside the queue, for as long as it takes: the run is ours, and nobody else can end it. One that waits holds no turn. */
  async #settleAlone(waiting: Waiting): Promise<void> {
    const { settlement, resolve } = waiting;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [result = 'lost'] = await this.#inTurn(() => this.#untilAvailable([settlement]));
        if (result !== 'held') return resolve(result);
      } catch (error) {
        if (!(error instanceof OverrunError) && suspectOf(error) !== 'database') {
          return this.#refused(waiting, error);
        }
        const name = error instanceof OverrunError ? 'settlement.overran' : 'settlement.stopped';
        this.#needs.logger.error({ err: error, ...runFields(settlement), attempt }, name);
      }
      await this.#needs.delay(backoff(attempt, OVERRUN_RETRY, this.#needs.random()));
    }
  }

  /** What no settlement can cause is waited for. What this one holds is left out, once. */
  #refused(waiting: Waiting, error: unknown): void {
    if (suspectOf(error) === 'database') {
      void this.#settleAlone(waiting);
      return;
    }
    const { settlement, isWithoutOutcome = false } = waiting;
    if (isWithoutOutcome || settlement.settlement.kind !== 'end') {
      waiting.reject(error);
      return;
    }
    this.#needs.logger.error({ err: error, ...runFields(settlement) }, 'settlement.refused');
    const ending = endingWithoutOutcome(settlement.settlement, causeOf(error));
    void this.#settleAlone({ ...waiting, settlement: { ...settlement, settlement: ending }, isWithoutOutcome: true });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#alone.take();
    try {
      return await work();
    } finally {
      this.#alone.release();
    }
  }

  async #untilAvailable(settlements: OwnedSettlement[]): Promise<BatchResult[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#needs.settlements.settle(settlements);
      } catch (error) {
        if (!(error instanceof RetryableError) || error instanceof OverrunError) throw error;
        this.#needs.logger.warn({ err: error, attempt, runs: settlements.length }, 'settlement.waits_for_database');
        await this.#needs.delay(backoff(attempt, RETRY, this.#needs.random()));
      }
    }
  }
}

/** Texts of the database may quote the run. */
function causeOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `SQLSTATE ${state}`;
  return error instanceof RangeError ? 'too large or too deep for JSON' : 'it is no JSON';
}

/** Resolves when the work has ended, or takes long. */
async function unlessSlow(work: Promise<void>): Promise<void> {
  const slow = Promise.withResolvers<void>();
  const timer = setTimeout(() => slow.resolve(), SLOW_MS);
  await Promise.race([work, slow.promise]);
  clearTimeout(timer);
}
