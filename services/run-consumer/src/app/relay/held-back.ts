/**
 * Purpose   Remembers what cannot be published, because its topic refuses it even at its smallest or its partition has no
 *           leader, so that all others are published meanwhile (I10).
 * I1        It stays stored, unpublished, and is tried again: it goes out once it is taken.
 * Bound     With many of them it is the topic that is wrong, and what is behind them waits as well.
 */

/** `retryMs`: after so many milliseconds all are tried again. */
type HeldBounds = { retryMs: number; max: number };

/** What a topic refuses goes out when an operator has changed the topic; then few are held, or all. */
export const REFUSED: HeldBounds = { retryMs: 60_000, max: 1_000 };
/** A leader comes back by itself, and a partition has a share of all threads. */
export const LEADERLESS: HeldBounds = { retryMs: 2_000, max: 10_000 };

export class HeldBack<Key> {
  readonly #monotonicMs: () => number;
  readonly #bounds: HeldBounds;
  readonly #keys = new Set<Key>();
  #heldSinceMs = 0;

  constructor(monotonicMs: () => number, bounds: HeldBounds) {
    this.#monotonicMs = monotonicMs;
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#keys.size;
  }

  /** What is not to be tried now. */
  keys(): Key[] {
    if (this.#monotonicMs() - this.#heldSinceMs >= this.#bounds.retryMs) this.#keys.clear();
    return [...this.#keys];
  }

  /** Thrown: the reason, when too many are held already. */
  hold(key: Key, reason: Error): void {
    if (this.#keys.size >= this.#bounds.max) throw reason;
    if (this.#keys.size === 0) this.#heldSinceMs = this.#monotonicMs();
    this.#keys.add(key);
  }
}
