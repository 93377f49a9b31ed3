/** Which graphs loaded, according to run-consumer's log; a later line about a graph replaces an earlier one. */
export class GraphStates {
  /** Null: loaded; else why not. */
  readonly #problems = new Map<string, string | null>();

  loaded(graphId: string): void {
    this.#problems.set(graphId, null);
  }

  notLoadable(graphId: string, problem: string): void {
    this.#problems.set(graphId, problem);
  }

  /** The graphs by name, and what is wrong with those that did not load. */
  summary(): string {
    return [...this.#problems]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([graphId, problem]) => (problem === null ? graphId : `${graphId} (does not load)`))
      .join(', ');
  }

  /** The name of a graph that works; null when there is none. */
  firstLoaded(): string | null {
    return [...this.#problems].find(([, problem]) => problem === null)?.[0] ?? null;
  }
}
