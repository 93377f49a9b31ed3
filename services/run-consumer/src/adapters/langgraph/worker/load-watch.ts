/**
 * Milliseconds beyond the limit of an import before silence counts: a worker with a free event loop reports within them that
 * the limit has passed.
 */
const MARGIN_MS = 5_000;

/** Detects a worker that is silent because the import of a graph blocks it. */
export class LoadWatch {
  /** The graphs that load, in the order in which they began. */
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

  /** Call this with every message of the worker. */
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

  /** Messages that arrived while this thread itself was blocked are read only after its timers. */
  #endUnlessHeard(): void {
    const before = this.#heardCount;
    setImmediate(() => {
      if (this.#isStopped || this.#heardCount > before) return;
      const suspect = [...this.#loading].at(-1);
      // A worker may also wait for something else before it loads graphs, such as the store's embeddings; no graph is the
      // cause of that.
      if (suspect === undefined) this.#timer.refresh();
      else this.#onBlocked(suspect);
    });
  }
}
