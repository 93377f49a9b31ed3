/** Lets a number of holders work at the same time; the others wait in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** @param count holders at the same time */
  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a turn, which `release` ends: true when it has come, false when the signal aborted first. */
  async take(signal?: AbortSignal): Promise<boolean> {
    if (!(await this.#turn(signal))) return false;
    const isAborted = signal?.aborted ?? false;
    if (isAborted) this.release();
    return !isAborted;
  }

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  #turn(signal: AbortSignal | undefined): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(true);
    }
    const turn = Promise.withResolvers<boolean>();
    const onTurn = () => turn.resolve(true);
    const onAbort = () => {
      if (this.#waiting.delete(onTurn)) turn.resolve(false);
    };
    this.#waiting.add(onTurn);
    signal?.addEventListener('abort', onAbort, { once: true });
    return turn.promise.finally(() => signal?.removeEventListener('abort', onAbort));
  }
}
