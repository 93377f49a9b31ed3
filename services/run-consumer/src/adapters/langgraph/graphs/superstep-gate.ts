import { RunControl } from '@langchain/langgraph';

/**
 * The control that LangGraph asks before each superstep of a run, subgraphs included, whether to stop there. It does so when
 * a drain was requested, and also from the moment when no superstep may begin: such a superstep would have side effects,
 * although none of its results could be kept.
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

  /**
   * Whether a drain was requested, or LangGraph was told to stop. It does not ask `mayBegin`: at the end of a run the saver
   * takes nothing more.
   */
  get hasStopped(): boolean {
    return super.drainRequested;
  }
}
