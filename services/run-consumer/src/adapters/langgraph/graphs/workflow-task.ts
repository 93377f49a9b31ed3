/**
 * Purpose   Lets a workflow of tasks (LangGraph's functional API) stop between two of them. LangGraph itself stops between
 *           supersteps, and a workflow is a single superstep, however many tasks it has.
 * I12       A task that may not begin any more is held for ever, so that the workflow stops where it awaits the task. An
 *           error could be caught there, and the workflow would end as if the task had failed. The attempt is over when the
 *           tasks that have begun have ended. Their results are kept, and the next attempt continues after them.
 * How       LangChain puts the config of everything that it enters into its AsyncLocalStorage. A task is recognised by the
 *           path there, which everything that it calls inherits: the first entry with an id is the task's own.
 */
import { types } from 'node:util';
import { followPromise } from './follow-promise.ts';

export class WorkflowTasks {
  readonly #begun = new Set<string>();
  readonly #mayBegin: () => boolean;
  readonly #onStandstill: () => void;
  #executing = 0;
  #isHeld = false;

  /**
   * @param mayBegin asked before each task
   * @param onStandstill called when a task is held and no other task executes; the results of the others are then on their
   *   way to the saver
   */
  constructor(mayBegin: () => boolean, onStandstill: () => void) {
    this.#mayBegin = mayBegin;
    this.#onStandstill = onStandstill;
  }

  /** Whether the workflow has stopped for good. */
  get areHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Executes what LangChain enters, or holds it.
   *
   * @param entry what LangChain keeps for it
   */
  enter(entry: unknown, execute: () => unknown): unknown {
    const id = taskOf(entry);
    if (id === null || this.#begun.has(id)) return execute();
    if (!this.#mayBegin()) return this.#hold();
    this.#begun.add(id);
    const result = execute();
    if (!types.isPromise(result)) return result;
    this.#executing += 1;
    return followPromise(result, () => {
      this.#executing -= 1;
      this.#tellStandstill();
    });
  }

  #hold(): Promise<never> {
    this.#isHeld = true;
    this.#tellStandstill();
    return new Promise(() => undefined);
  }

  #tellStandstill(): void {
    // LangGraph passes on the result of a task when the promises behind it have settled.
    if (this.#isHeld && this.#executing === 0) setImmediate(this.#onStandstill);
  }
}

/** The key of the config in an entry. */
const CONFIG = Symbol.for('lc:child_config');

/** The id of the task that the entry belongs to; null when it belongs to none. */
function taskOf(entry: unknown): string | null {
  const config = memberOf(memberOf(entry, 'extra'), CONFIG);
  const path = memberOf(memberOf(config, 'metadata'), 'langgraph_path');
  // The path of a node that `Send` calls looks the same, without the last member.
  if (!Array.isArray(path) || path[0] !== '__pregel_push' || path.at(-1) !== true) return null;
  const id = memberOf(memberOf(config, 'configurable'), '__pregel_task_id');
  return typeof id === 'string' ? id : null;
}

function memberOf(value: unknown, key: string | symbol): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
