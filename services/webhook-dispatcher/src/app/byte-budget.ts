/**
 * Purpose   Bounds the bytes of bodies in memory; first come, first served.
 * I10       A body larger than the whole budget takes all of it, so that its turn comes too.
 */
export class ByteBudget {
  readonly #max: number;
  #used = 0;
  readonly #waiting: { bytes: number; begin: () => void }[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Runs `work` when this many bytes are free, and frees them at its end. */
  async within<T>(wanted: number, work: () => Promise<T>): Promise<T> {
    const bytes = Math.min(wanted, this.#max);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, begin: resolve });
    this.#beginNext();
    await promise;
    try {
      return await work();
    } finally {
      this.#used -= bytes;
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#used + next.bytes > this.#max) return;
      this.#waiting.shift();
      this.#used += next.bytes;
      next.begin();
    }
  }
}
