import { RunControl } from '@langchain/langgraph';

/**
 * The control that LangGraph asks before each superstep of a run, subgraphs included, whether to stop there. It says so
 * when a drain was requested, and also, from then on, when no superstep may begin any more: one that did would have its
 * side effects although nothing of it could be kept.
 */
export class SuperstepGate extends RunControl {
  readonly #mayBegin: () => boolean;

  /** @param mayBegin asked before each superstep; must not throw */
  constructor(mayBegin: () => boolean) {
    super();
    this.#mayBegin = mayBegin;
  }

  override get drainRequested(): boolean {
    if (!super.drainRequested && !this.#mayBegin()) this.requestDrain('no superstep may begin any more');
    return super.drainRequested;
  }

  /** Whether a drain was requested, or LangGraph was told to stop. Asks nobody: at a run's end its saver takes nothing more. */
  get hasStopped(): boolean {
    return super.drainRequested;
  }
}
