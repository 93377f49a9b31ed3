/**
 * Remembers which graphs did not end after an abort. What a graph did once it does again: the next time it shall cost no
 * other graph its thread. Forgotten after a while, because it may have been a server that did not answer.
 */
export class DeafGraphs {
  readonly #forMs: number;
  readonly #monotonicMs: () => number;
  /** Until when, by graph; as many as a project has graphs. */
  readonly #untilMs = new Map<string, number>();

  /** @param forMs milliseconds that each is remembered after the last time */
  constructor(forMs: number, monotonicMs: () => number) {
    this.#forMs = forMs;
    this.#monotonicMs = monotonicMs;
  }

  remember(graphId: string): void {
    this.#untilMs.set(graphId, this.#monotonicMs() + this.#forMs);
  }

  has(graphId: string): boolean {
    return this.#monotonicMs() < (this.#untilMs.get(graphId) ?? 0);
  }

  /** True when all are forgotten. */
  get isEmpty(): boolean {
    return [...this.#untilMs.keys()].every((graphId) => !this.has(graphId));
  }
}
