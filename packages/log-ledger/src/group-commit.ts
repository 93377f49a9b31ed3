/**
 * Purpose   Writes what comes in groups: while writes are under way, what comes gathers, and shares the next one.
 * I10       None stands in front of the others: one that fails for a reason of its own fails alone; one that is over a
 *           limit of the database, or whose rows somebody holds, goes on by itself; a write that takes long does.
 * I11       While the database is away, or refuses what nothing of ours can cause, such as for a lost grant, all of it waits.
 * Order     What has one `keyOf` is never in two groups at the same time, so the later one is written later.
 */
import { OverrunError, RetryableError, Turns, backoff } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { suspectOf } from './stoppages.ts';

export type GroupCommitOptions<Item, Result> = {
  /**
   * Writes all in one transaction and returns the results in their order; `held`: it is to be written by itself later, because
   * somebody holds what it needs. Of one item alone it may wait for that.
   */
  write: (items: Item[]) => Promise<(Result | 'held')[]>;
  /** The result of one of which the write says nothing: nothing is known to be written. */
  missing: Result;
  /** Most items of one write: bounds how long their rows stay locked. */
  maxItems: number;
  /** Writes at the same time, and how many items must wait for another one to begin beside one. By default one at a time. */
  beside?: { atOnce: number; fromItems: number };
  /** What must not be in two writes at the same time; by default nothing is related. */
  keyOf?: (item: Item) => unknown;
  /** What is to be written instead of one that the ledger refuses for what it holds; null (default): its caller hears why. */
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
/** A write that takes longer goes on beside the next one, in milliseconds. Many times what one takes under load. */
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
  #unwrittenCount = 0;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
  }

  /** Items that were given and have not come to their end. */
  get unwrittenCount(): number {
    return this.#unwrittenCount;
  }

  /** Resolves when it is committed. Thrown: what is wrong with the item itself, never that the database is away. */
  add(item: Item): Promise<Result> {
    this.#unwrittenCount += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ item, resolve, reject });
    void this.#beginSoon();
    return promise.finally(() => (this.#unwrittenCount -= 1));
  }

  /** One turn of the queue of promises lets what is ready together share a write. */
  async #beginSoon(): Promise<void> {
    if (this.#isToBegin) return;
    this.#isToBegin = true;
    await Promise.resolve();
    this.#isToBegin = false;
    this.#beginAll();
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
    const { atOnce, fromItems } = this.#options.beside ?? { atOnce: 1, fromItems: 0 };
    return this.#quick.size === 0 || (this.#quick.size < atOnce && this.#waiting.length >= fromItems);
  }

  /** The next ones in order, without those whose like is being written; they wait for it. */
  #takeGroup(): Waiting<Item, Result>[] {
    const { keyOf, maxItems } = this.#options;
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
    const writing = this.#writeGroup(group).finally(() => {
      this.#underWay.delete(writing);
      for (const key of keys) this.#busyKeys.delete(key);
    });
    const quick = unlessSlow(writing).finally(() => {
      this.#quick.delete(quick);
      this.#beginAll();
    });
    // What has been slow makes room at its end.
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

  /** Beside the groups, for as long as it takes: it is ours, and nobody else can write it. One that waits holds no turn. */
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

  /** What nothing of ours can cause is waited for. What this one holds is left out, once. */
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
