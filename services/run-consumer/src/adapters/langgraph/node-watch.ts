/**
 * Purpose   Knows what of a run's graph is executing. LangGraph gives up an aborted graph at once, and code that does not
 *           look at its signal goes on, with side effects and all.
 * I3, I9    An aborted attempt ends when its code has: until then the next run of the thread must not start.
 * How       Nothing of a graph is touched. LangChain enters a function of a node, of a chain, of a tool or of a task
 *           through one AsyncLocalStorage, which all copies of it in a process share; what a function returns there tells
 *           how long it executes. Models and retrievers are called without it, and tell by their callbacks.
 * Limits    Not seen: what code starts and does not wait for, and a class of the project's own that a graph calls by
 *           `invoke` and that calls neither LangChain nor its callbacks.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';

const watches = new AsyncLocalStorage<NodeWatch>();
const hooked = new WeakSet<object>();

export class NodeWatch {
  readonly #executing = new Set<Promise<unknown>>();
  readonly #calls = new Map<string, () => void>();

  /** For the `callbacks` of the run. By shape, as a project's own copy of LangChain takes it. */
  readonly callbacks = {
    name: 'runlane_node_watch',
    // In the background a start would be told after the end of the run.
    awaitHandlers: true,
    handleChatModelStart: (_model: unknown, _messages: unknown, id: string) => this.#callStarted(id),
    handleLLMStart: (_model: unknown, _prompts: unknown, id: string) => this.#callStarted(id),
    handleLLMEnd: (_result: unknown, id: string) => this.#callEnded(id),
    handleLLMError: (_error: unknown, id: string) => this.#callEnded(id),
    handleRetrieverStart: (_retriever: unknown, _query: unknown, id: string) => this.#callStarted(id),
    handleRetrieverEnd: (_documents: unknown, id: string) => this.#callEnded(id),
    handleRetrieverError: (_error: unknown, id: string) => this.#callEnded(id),
  };

  /** Executes what belongs to the run, and watches all that it calls. */
  during<T>(execute: () => T): T {
    hookEntries();
    return watches.run(this, execute);
  }

  /** Resolves when nothing is executing. */
  async ended(): Promise<void> {
    while (this.#executing.size > 0) await Promise.allSettled(this.#executing);
  }

  /** @param result what a function returned: it executes until this has settled. */
  track(result: unknown): void {
    if (!types.isPromise(result)) return;
    // How it ended is told to whoever called it; here it only matters that it did.
    const end = () => this.#executing.delete(result);
    this.#executing.add(result);
    result.then(end, end);
  }

  #callStarted(id: string): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#calls.set(id, resolve);
    this.track(promise);
  }

  #callEnded(id: string): void {
    this.#calls.get(id)?.();
    this.#calls.delete(id);
  }
}

/** Once in a thread: the storage that LangChain's first copy has put into place serves all others. */
function hookEntries(): void {
  AsyncLocalStorageProviderSingleton.initializeGlobalInstance(new AsyncLocalStorage());
  const storage = AsyncLocalStorageProviderSingleton.getInstance();
  if (hooked.has(storage)) return;
  hooked.add(storage);
  const run = storage.run.bind(storage);
  const watched = <T>(...args: [store: unknown, callback: () => T]): T => {
    const result = run(...args);
    watches.getStore()?.track(result);
    return result;
  };
  Object.assign(storage, { run: watched });
}
