/**
 * Milliseconds beyond the limit of an import before its silence counts: a worker whose event loop turns tells in that
 * time that the limit is over.
 */
const MARGIN_MS = 5_000;

/** Finds out that a worker says nothing any more because the import of a graph blocks it. */
export class LoadWatch {
  /** Those that load, in the order in which they began. */
  readonly #loading = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  readonly #onBlocked: (graphId: string) => void;
  #heardCount = 0;
  #isStopped = false;

  /**
   * @param loadLimitMs how long an import may take
   * @param onBlocked called once, with the graph whose import blocks the worker: the one that began last
   */
  constructor(loadLimitMs: number, onBlocked: (graphId: string) => void) {
    this.#onBlocked = onBlocked;
    this.#timer = setTimeout(() => this.#endUnlessHeard(), loadLimitMs + MARGIN_MS).unref();
  }

  /** To be called with every message of the worker. */
  heard(): void {
    this.#heardCount += 1;
    if (!this.#isStopped) this.#timer.refresh();
  }

  began(graphId: string): void {
    this.#loading.add(graphId);
  }

  ended(graphId: string): void {
    this.#loading.delete(graphId);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** What arrived while this thread itself stood still is only read after its timers. */
  #endUnlessHeard(): void {
    const before = this.#heardCount;
    setImmediate(() => {
      if (this.#isStopped || this.#heardCount > before) return;
      const suspect = [...this.#loading].at(-1);
      // What else a worker may wait for before it loads graphs, such as the store's embeddings, is no graph's fault.
      if (suspect === undefined) this.#timer.refresh();
      else this.#onBlocked(suspect);
    });
  }
}
