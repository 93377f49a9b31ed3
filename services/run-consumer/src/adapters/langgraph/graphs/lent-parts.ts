/**
 * Purpose   Gives a graph the saver and the store of the run that executes it, even while several runs execute it.
 * How       The graph stays the object that its project exports, so that code which holds it, such as a node that asks it
 *           for its state, uses the parts of the run. Only `checkpointer` and `store` depend on the run that is asking;
 *           outside of a run, and in runs of other graphs, they are what the project has set.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { BaseCheckpointSaver, BaseStore } from '@langchain/langgraph-checkpoint';

/** @property checkpointer undefined: the run has none, whatever the graph was compiled with */
export type LentParts = { checkpointer: BaseCheckpointSaver | undefined; store: BaseStore };

const loans = new AsyncLocalStorage<Map<object, LentParts>>();
const ready = new WeakSet<object>();

/** Executes what belongs to one run; `lend` is for its inside. */
export function asBorrower<T>(execute: () => T): T {
  return loans.run(new Map(), execute);
}

/** Gives the graph these parts for the run that is executing. */
export function lend(graph: object, parts: LentParts): void {
  const own = loans.getStore();
  if (own === undefined) throw new Error('A graph was lent something outside of asBorrower.');
  own.set(graph, parts);
  if (ready.has(graph)) return;
  ready.add(graph);
  lookUp(graph, 'checkpointer');
  lookUp(graph, 'store');
}

function lookUp(graph: object, key: keyof LentParts): void {
  let set: unknown = Reflect.get(graph, key);
  Object.defineProperty(graph, key, {
    configurable: true,
    enumerable: true,
    get: (): unknown => {
      const lent = loans.getStore()?.get(graph);
      return lent === undefined ? set : lent[key];
    },
    set: (value: unknown) => {
      set = value;
    },
  });
}
