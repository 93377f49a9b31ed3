import { RunControl } from '@langchain/langgraph';

/**
 * The control that LangGraph asks before each superstep of a run, subgraphs included, whether to stop there. The service stops
 * it when it drains, and from the moment when no superstep may begin: such a superstep would have side effects, although none
 * of its results could be kept. A node may request a drain as well; that is the run's own end, as in a script.
 */
export class SuperstepGate extends RunControl {
  readonly #mayBegin: () => boolean;
  #hasStopped = false;

  /** @param mayBegin asked before each superstep; must not throw */
  constructor(mayBegin: () => boolean) {
    super();
    this.#mayBegin = mayBegin;
  }

  /** The run stops before its next superstep, to go on elsewhere. */
  stop(reason: string): void {
    this.#hasStopped = true;
    this.requestDrain(reason);
  }

  override get drainRequested(): boolean {
    if (!this.#hasStopped && !this.#mayBegin()) this.stop('no superstep may begin any more');
    return super.drainRequested;
  }

  /**
   * Whether the service has stopped the run. It does not ask `mayBegin`: at the end of a run the saver takes nothing more.
   */
  get hasStopped(): boolean {
    return this.#hasStopped;
  }
}
