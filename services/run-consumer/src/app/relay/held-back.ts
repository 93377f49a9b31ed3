/**
 * Purpose   Remembers what cannot be published, because its topic refuses it even in its smallest form or its partition has
 *           no leader, so that everything else is published in the meantime (I10).
 * I1        It stays stored, unpublished, and is tried again until it is accepted.
 * Bound     When there are many, the topic itself is wrong, and whatever comes after them waits as well.
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
