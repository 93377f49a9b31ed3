import { OverrunError } from './errors.ts';

/**
 * How much one call asks of the database: as much as it can do within the time limit of a statement. Each call that exceeds
 * a limit halves it, down to one, and each other call doubles it again, so that work which is too heavy together still gets
 * done.
 */
export class BatchLimit {
  readonly #max: number;
  #current: number;

  /** @param max most at once, and at the beginning; at least 1 */
  constructor(max: number) {
    this.#max = max;
    this.#current = max;
  }

  /** Calls with the limit of now. What the call throws is thrown, an OverrunError too: repeating is the caller's. */
  async ask<T>(call: (limit: number) => Promise<T>): Promise<T> {
    const limit = this.#current;
    try {
      const result = await call(limit);
      this.#current = Math.min(this.#max, limit * 2);
      return result;
    } catch (error) {
      if (error instanceof OverrunError) this.#current = Math.max(1, Math.floor(limit / 2));
      throw error;
    }
  }

  /**
   * Calls again and again until a call did less than its limit, or the signal aborts, and gives the sum.
   *
   * @param call does up to `limit` and says how many. What it throws is thrown.
   */
  async all(call: (limit: number) => Promise<number>, signal: AbortSignal): Promise<number> {
    let total = 0;
    let hasMore = true;
    while (hasMore) {
      total += await this.ask(async (limit) => {
        const count = await call(limit);
        hasMore = count >= limit && !signal.aborted;
        return count;
      });
    }
    return total;
  }
}
