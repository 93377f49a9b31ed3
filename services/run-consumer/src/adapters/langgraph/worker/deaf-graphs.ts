/**
 * Remembers which graphs did not end after an abort. They are likely to do it again, and then no other graph shall lose its
 * thread with them. They are forgotten after a while, because the cause may have been a server that did not answer.
 */
export class DeafGraphs {
  readonly #forMs: number;
  readonly #monotonicMs: () => number;
  /** Until when, by graph; as many as a project has graphs. */
  readonly #untilMs = new Map<string, number>();

  /** @param forMs milliseconds for which each graph is remembered after the last time */
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
