/**
 * Purpose   Fails what a node asks of the store after LangGraph has ended its run. LangGraph gives each run a store that
 *           collects operations into batches, and stops that store with the run: later operations would never get an answer.
 * I9        Such a node would never end. Then its run would not end either, and other runs would lose their worker thread with it.
 * How       The class of those stores is taken from each copy of LangGraph that graphs use, and wrapped once.
 */
import { AsyncBatchedStore } from '@langchain/langgraph-checkpoint';
import { importedCopy, manifestOf, requiredBefore } from '../project/module-copies.ts';

const PACKAGE = '@langchain/langgraph-checkpoint';
const LANGGRAPH = '@langchain/langgraph';

const wrapped = new WeakSet<object>();
const stopped = new WeakSet<object>();

/**
 * Call this when the module of a graph is loaded.
 *
 * @param graphFile the file that exports the graph
 */
export async function answerAfterStop(graphFile: string): Promise<void> {
  wrap(AsyncBatchedStore.prototype);
  const langgraph = manifestOf(LANGGRAPH, graphFile);
  const places = langgraph === null ? [graphFile] : [graphFile, langgraph];
  for (const place of places) {
    const imported = importedCopy(PACKAGE, '.', place);
    if (imported !== null) wrapIn(await import(imported));
    wrapIn(requiredBefore(PACKAGE, place));
  }
}

function wrapIn(copy: unknown): void {
  const found: unknown = isObject(copy) ? Reflect.get(copy, 'AsyncBatchedStore') : undefined;
  if (typeof found === 'function' && isObject(found.prototype)) wrap(found.prototype);
}

function wrap(prototype: object): void {
  if (wrapped.has(prototype)) return;
  wrapped.add(prototype);
  const enqueue: unknown = Reflect.get(prototype, 'enqueueOperation');
  const stop: unknown = Reflect.get(prototype, 'stop');
  if (typeof enqueue !== 'function' || typeof stop !== 'function') {
    throw new Error(`This version of ${PACKAGE} has another AsyncBatchedStore: adapt stopped-store.ts.`);
  }
  Object.assign(prototype, {
    enqueueOperation(this: object, ...operation: unknown[]): unknown {
      return stopped.has(this) ? Promise.reject(new StoreStopped()) : Reflect.apply(enqueue, this, operation);
    },
    async stop(this: object): Promise<void> {
      stopped.add(this);
      await Reflect.apply(stop, this, []);
      rejectWaiting(this);
    },
  });
}

/** A question that came while the last batch was under way is in no batch any more. */
function rejectWaiting(store: object): void {
  const queue: unknown = Reflect.get(store, 'queue');
  if (!(queue instanceof Map)) return;
  for (const waiting of queue.values()) {
    const reject: unknown = isObject(waiting) ? Reflect.get(waiting, 'reject') : undefined;
    if (typeof reject === 'function') Reflect.apply(reject, undefined, [new StoreStopped()]);
  }
  queue.clear();
}

class StoreStopped extends Error {
  override readonly name = 'StoreStopped';

  constructor() {
    super('The run has ended or was stopped: its store accepts no more operations.');
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
