/**
 * Purpose   Remembers what a topic refuses even in its smallest form, so that everything else is published in the meantime (I10).
 * I1        It stays stored, unpublished, and is tried again every minute, until the topic accepts larger records.
 * Bound     When there are many, the topic itself is wrong, and whatever comes after them waits as well.
 */
import type { RecordTooLarge } from '@runlane/kafka';

const RETRY_MS = 60_000;
const MAX_HELD = 1_000;

export class HeldBack<Key> {
  readonly #monotonicMs: () => number;
  readonly #keys = new Set<Key>();
  #heldSinceMs = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  get count(): number {
    return this.#keys.size;
  }

  /** What is not to be tried now. */
  keys(): Key[] {
    if (this.#monotonicMs() - this.#heldSinceMs >= RETRY_MS) this.#keys.clear();
    return [...this.#keys];
  }

  /** Thrown: the refusal, when too many are held already. */
  hold(key: Key, refusal: RecordTooLarge): void {
    if (this.#keys.size >= MAX_HELD) throw refusal;
    if (this.#keys.size === 0) this.#heldSinceMs = this.#monotonicMs();
    this.#keys.add(key);
  }
}
