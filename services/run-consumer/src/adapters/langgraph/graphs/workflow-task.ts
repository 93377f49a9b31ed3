/**
 * Purpose   Lets a workflow of tasks (LangGraph's functional API) stop between two of them. LangGraph itself stops between
 *           supersteps, and a workflow is one, however many tasks it has.
 * I12       A task that may not begin any more is held for ever, so that the workflow stands still where it awaits it: an
 *           error could be caught there, and the workflow would end as if the task had failed. Once the tasks that have
 *           begun have ended, the attempt is over; what they returned stays, and the next start goes on behind them.
 * How       LangChain tells its AsyncLocalStorage the config of whatever it enters. A task is told by its path there,
 *           which all that it calls inherits: the first entry with an id is the task's own.
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
   * @param onStandstill called when a task is held and no other one executes; what they returned is on its way to
   *   the saver by then
   */
  constructor(mayBegin: () => boolean, onStandstill: () => void) {
    this.#mayBegin = mayBegin;
    this.#onStandstill = onStandstill;
  }

  /** Whether the workflow stands still, for good. */
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
    // LangGraph hands on what a task returned when the promises behind it have settled.
    if (this.#isHeld && this.#executing === 0) setImmediate(this.#onStandstill);
  }
}

/** Where LangChain keeps the config in an entry. */
const CONFIG = Symbol.for('lc:child_config');

/** The id of the task that the entry belongs to; null when it belongs to none. */
function taskOf(entry: unknown): string | null {
  const config = memberOf(memberOf(entry, 'extra'), CONFIG);
  const path = memberOf(memberOf(config, 'metadata'), 'langgraph_path');
  // A node that was sent to has a path like it, without the last member.
  if (!Array.isArray(path) || path[0] !== '__pregel_push' || path.at(-1) !== true) return null;
  const id = memberOf(memberOf(config, 'configurable'), '__pregel_task_id');
  return typeof id === 'string' ? id : null;
}

function memberOf(value: unknown, key: string | symbol): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
