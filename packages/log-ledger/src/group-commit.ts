/**
 * Purpose   Writes what comes in groups: while writes are under way, what comes gathers, and shares the next one.
 * I10       No item delays the others: one that fails because of its content fails alone; one that exceeds a limit of the
 *           database, or whose rows somebody holds, is written alone; and a slow write continues beside the next one.
 * I11       While the database is away, or refuses for a reason that no item causes, such as a lost grant, everything waits.
 * Order     Items with the same `keyOf` are never in two groups at the same time, so the later one is written later.
 */
import { OverrunError, RetryableError, Turns, backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { suspectOf } from './stoppages.ts';

export type GroupCommitOptions<Item, Result> = {
  /**
   * Writes all in one transaction and returns the results in their order; `held`: it has to be written alone later, because
   * somebody holds rows that it needs. A write of a single item may wait for them.
   */
  write: (items: Item[]) => Promise<(Result | 'held')[]>;
  /** The result of an item that the write did not answer for: it is unknown whether it was written. */
  missing: Result;
  /** Most items of one write: bounds how long their rows stay locked. */
  maxItems: number;
  /** Most writes at the same time, and how many items must wait before another write begins beside one. Default: one at a time. */
  beside?: { atOnce: number; fromItems: number };
  /**
   * A write begins when so many items wait, or the first of them has waited for so many milliseconds: what a write costs whatever
   * its size is shared by more. The first one after as many milliseconds without a write begins immediately: few come, and
   * nothing would be shared. Default: every write begins as soon as it may.
   */
  gather?: { items: number; forMs: number };
  /** What must not be in two writes at the same time; by default nothing is related. */
  keyOf?: (item: Item) => unknown;
  /** A replacement for an item that the ledger refuses because of its content; null (default): the caller gets the error. */
  instead?: (item: Item, error: unknown) => Item | null;
  /** What the log says of an item. */
  describe: (item: Item) => Record<string, unknown>;
  /** Beginning of the names of log lines. */
  name: string;
  /** Resolves after the given milliseconds. */
  delay: (ms: number) => Promise<unknown>;
  random: () => number;
  logger: Logger;
};

type Waiting<Item, Result> = {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

/** Groups under way, and items alone beside them; each takes a connection, of which others need some. */
const MAX_UNDER_WAY = 4;
const MAX_ALONE = 2;
/**
 * A write that takes longer than this continues beside the next one, in milliseconds. Many times the duration of a write
 * under load.
 */
const SLOW_MS = 250;
const RETRY = { baseMs: 50, maxMs: 2_000 };
/** A group that was over a limit is likely to be so again, and each try is work for the database. */
const OVERRUN_RETRY = { baseMs: 1_000, maxMs: 60_000 };

export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  readonly #underWay = new Set<Promise<void>>();
  /** Of those under way the ones that have not taken long yet. */
  readonly #quick = new Set<Promise<void>>();
  readonly #busyKeys = new Set<unknown>();
  readonly #alone = new Turns(MAX_ALONE);
  #waiting: Waiting<Item, Result>[] = [];
  #isToBegin = false;
  /** The wait for more items, while there is one. */
  #gathering: object | null = null;
  /** No write was under way lately. */
  #isCalm = true;
  /** The wait for that, which counts only while it is the last one. */
  #calming: object | null = null;
  #unwrittenCount = 0;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  /** Items that were given and are not decided yet. */
  get unwrittenCount(): number {
    return this.#unwrittenCount;
  }

  /** Resolves when it is committed. Rejects when the item itself is wrong, never because the database is away. */
  add(item: Item): Promise<Result> {
    this.#unwrittenCount += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ item, resolve, reject });
    if (this.#waiting.length === 1) void this.#gather();
    void this.#beginSoon();
    return promise.finally(() => (this.#unwrittenCount -= 1));
  }

  /** Waiting for one turn of the promise queue lets items that are ready together share a write. */
  async #beginSoon(): Promise<void> {
    if (this.#isToBegin) return;
    this.#isToBegin = true;
    await Promise.resolve();
    this.#isToBegin = false;
    this.#beginAll();
  }

  async #gather(): Promise<void> {
    const { gather, delay } = this.#options;
    if (gather === undefined || this.#isCalm) return;
    const gathering = {};
    this.#gathering = gathering;
    await delay(gather.forMs);
    // Another write may have taken them.
    if (this.#gathering !== gathering) return;
    this.#gathering = null;
    this.#beginAll();
  }

  async #calmDown(): Promise<void> {
    const { gather, delay } = this.#options;
    if (gather === undefined || this.#underWay.size > 0) return;
    const calming = {};
    this.#calming = calming;
    await delay(gather.forMs);
    this.#isCalm = this.#calming === calming && this.#underWay.size === 0;
  }

  #beginAll(): void {
    while (this.#waiting.length > 0 && this.#mayBegin()) {
      const group = this.#takeGroup();
      if (group.length === 0) return;
      this.#begin(group);
    }
  }

  #mayBegin(): boolean {
    if (this.#underWay.size >= MAX_UNDER_WAY) return false;
    if (this.#gathering !== null && this.#waiting.length < (this.#options.gather?.items ?? 0)) return false;
    const { atOnce, fromItems } = this.#options.beside ?? { atOnce: 1, fromItems: 0 };
    return this.#quick.size === 0 || (this.#quick.size < atOnce && this.#waiting.length >= fromItems);
  }

  /** The next ones in order, without those whose like is being written; they wait for it. */
  #takeGroup(): Waiting<Item, Result>[] {
    const { keyOf, maxItems } = this.#options;
    this.#gathering = null;
    if (keyOf === undefined) return this.#waiting.splice(0, maxItems);
    const group: Waiting<Item, Result>[] = [];
    const rest: Waiting<Item, Result>[] = [];
    for (const waiting of this.#waiting) {
      const fits = group.length < maxItems && !this.#busyKeys.has(keyOf(waiting.item));
      (fits ? group : rest).push(waiting);
    }
    this.#waiting = rest;
    return group;
  }

  #begin(group: Waiting<Item, Result>[]): void {
    const { keyOf } = this.#options;
    const keys = keyOf === undefined ? [] : group.map(({ item }) => keyOf(item));
    for (const key of keys) this.#busyKeys.add(key);
    this.#isCalm = false;
    const writing = this.#writeGroup(group).finally(() => {
      this.#underWay.delete(writing);
      for (const key of keys) this.#busyKeys.delete(key);
      void this.#calmDown();
    });
    const quick = unlessSlow(writing).finally(() => {
      this.#quick.delete(quick);
      this.#beginAll();
    });
    // A slow write makes room when it ends.
    void writing.finally(() => this.#beginAll());
    this.#underWay.add(writing);
    this.#quick.add(quick);
  }

  async #writeGroup(group: Waiting<Item, Result>[]): Promise<void> {
    const { name, logger, missing } = this.#options;
    try {
      const results = await this.#untilAvailable(group.map(({ item }) => item));
      group.forEach((waiting, index) => {
        const result = results[index] ?? missing;
        if (result === 'held') void this.#writeAlone(waiting, false);
        else waiting.resolve(result);
      });
    } catch (error) {
      if (error instanceof OverrunError) {
        logger.warn({ err: error, items: group.length }, `${name}.batch_overran`);
        for (const waiting of group) void this.#writeAlone(waiting, false);
        return;
      }
      if (group.length === 1) {
        for (const waiting of group) this.#refused(waiting, error, false);
        return;
      }
      logger.warn({ err: error, items: group.length }, `${name}.batch_failed`);
      for (const waiting of group) await this.#writeGroup([waiting]);
    }
  }

  /** Beside the groups, for as long as it takes: only this process can write it. A waiting item holds no turn. */
  async #writeAlone(waiting: Waiting<Item, Result>, isReplaced: boolean): Promise<void> {
    const { name, logger, missing, describe, delay, random } = this.#options;
    const { item, resolve } = waiting;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [result = missing] = await this.#inTurn(() => this.#untilAvailable([item]));
        if (result !== 'held') return resolve(result);
      } catch (error) {
        if (!(error instanceof OverrunError) && suspectOf(error) !== 'database') {
          return this.#refused(waiting, error, isReplaced);
        }
        const what = error instanceof OverrunError ? 'overran' : 'stopped';
        logger.error({ err: error, ...describe(item), attempt }, `${name}.${what}`);
      }
      await delay(backoff(attempt, OVERRUN_RETRY, random()));
    }
  }

  /** Errors that no item can cause are waited out. If the content of this item is the cause, it is replaced once. */
  #refused(waiting: Waiting<Item, Result>, error: unknown, isReplaced: boolean): void {
    if (suspectOf(error) === 'database') {
      void this.#writeAlone(waiting, isReplaced);
      return;
    }
    const { name, logger, describe, instead } = this.#options;
    const item = isReplaced ? null : (instead?.(waiting.item, error) ?? null);
    if (item === null) {
      waiting.reject(error);
      return;
    }
    logger.error({ err: error, ...describe(item) }, `${name}.refused`);
    void this.#writeAlone({ ...waiting, item }, true);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#alone.take();
    try {
      return await work();
    } finally {
      this.#alone.release();
    }
  }

  async #untilAvailable(items: Item[]): Promise<(Result | 'held')[]> {
    const { name, logger, delay, random, write } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await write(items);
      } catch (error) {
        if (!(error instanceof RetryableError) || error instanceof OverrunError) throw error;
        logger.warn({ err: error, attempt, items: items.length }, `${name}.waits_for_database`);
        await delay(backoff(attempt, RETRY, random()));
      }
    }
  }
}

/** Resolves when the work has ended, or takes long. */
async function unlessSlow(work: Promise<void>): Promise<void> {
  const slow = Promise.withResolvers<void>();
  const timer = setTimeout(() => slow.resolve(), SLOW_MS);
  await Promise.race([work, slow.promise]);
  clearTimeout(timer);
}
