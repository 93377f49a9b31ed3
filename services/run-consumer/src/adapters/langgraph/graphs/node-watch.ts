/**
 * Purpose   Knows which code of a run's graph is executing. LangGraph returns from an aborted graph immediately, but code
 *           that ignores its signal goes on, with its side effects.
 * I3, I9    An aborted attempt ends when its code has: until then the next run of the thread must not start.
 * How       No object of a graph is copied, derived or given a property. LangChain calls the functions of nodes, chains,
 *           tools and tasks through one AsyncLocalStorage, which all its copies in a process share. A function executes
 *           until the value that it returns there has settled. Models, and classes of the project, are called without that
 *           storage: for those that are parts of a graph, `invoke` is wrapped where their class defines it.
 * Limits    Not seen: work that code starts and does not await; and a model inside a chain that only the code of a node
 *           knows, unless its class is also part of a graph.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons';
import { followPromise } from './follow-promise.ts';
import type { WorkflowTasks } from './workflow-task.ts';

const watches = new AsyncLocalStorage<NodeWatch>();
const hooked = new WeakSet<object>();
const visited = new WeakSet<object>();

/** LangChain keeps parts in arrays and records, and the branches of a choice in pairs. */
const MAX_DEPTH = 2;
const MAX_LENGTH = 1_000;

export class NodeWatch {
  readonly #executing = new Set<unknown>();
  readonly #tasks: WorkflowTasks;

  /** @param tasks of the same attempt */
  constructor(tasks: WorkflowTasks) {
    this.#tasks = tasks;
  }

  /** Executes code of the run, and watches everything that it calls. */
  during<T>(execute: () => T): T {
    hookEntries();
    return watches.run(this, execute);
  }

  /** @param entry what LangChain keeps for the code that it enters */
  enter(entry: unknown, execute: () => unknown): unknown {
    let isHeld = true;
    const result = this.#tasks.enter(entry, () => {
      isHeld = false;
      return execute();
    });
    return isHeld ? result : this.track(result);
  }

  /** Resolves when nothing is executing. A workflow whose tasks are held never ends, but executes nothing. */
  async ended(): Promise<void> {
    while (this.#executing.size > 0 && !this.#tasks.areHeld) await Promise.allSettled(this.#executing);
  }

  /**
   * @param result what a function returned: it executes until this has settled
   * @returns what stands for it, for whoever called the function
   */
  track(result: unknown): unknown {
    if (types.isPromise(result)) this.#executing.add(result);
    return followPromise(result, () => this.#executing.delete(result));
  }
}

/**
 * Watches what a graph calls by `invoke`: its parts and their parts, as far as they are plain properties. Once for each
 * graph, and once for each class.
 */
export function watchParts(graph: object): void {
  visit(graph, 0);
}

/** @param depth how many plain objects and arrays are between it and the part around it */
function visit(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null || visited.has(value)) return;
  const isPart = 'lc_runnable' in value && value.lc_runnable === true;
  if (!isPart && !(depth < MAX_DEPTH && isPlain(value))) return;
  if (isPart) {
    visited.add(value);
    watchInvoke(value);
  }
  const within = isPart ? 0 : depth + 1;
  if (Array.isArray(value)) {
    // A longer array holds data.
    if (value.length <= MAX_LENGTH) for (const each of value) visit(each, within);
    return;
  }
  for (const key of Object.keys(value)) {
    // By descriptor, because a getter is code of the project and must not be run for this.
    visit(Reflect.getOwnPropertyDescriptor(value, key)?.value, within);
  }
}

/** In place, where the method is defined, so that `this` and private members stay as they are. */
function watchInvoke(runnable: object): void {
  let owner: object | null = runnable;
  while (owner !== null && !Object.hasOwn(owner, 'invoke')) owner = Reflect.getPrototypeOf(owner);
  // An object with an `invoke` that no class defines is unique, and is left alone.
  if (owner === null || owner === runnable || hooked.has(owner) || isEntered(runnable)) return;
  const invoke: unknown = Reflect.get(owner, 'invoke');
  if (typeof invoke !== 'function') return;
  hooked.add(owner);
  const watched = function (this: unknown, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(invoke, this, args);
    const watch = watches.getStore();
    return watch === undefined ? result : watch.track(result);
  };
  Reflect.defineProperty(owner, 'invoke', { ...Reflect.getOwnPropertyDescriptor(owner, 'invoke'), value: watched });
}

/** A function that LangGraph has wrapped is entered through the storage. */
function isEntered(runnable: object): boolean {
  const namespace: unknown = Reflect.get(runnable, 'lc_namespace');
  return Array.isArray(namespace) && namespace.length === 1 && namespace[0] === 'langgraph';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Reflect.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** Once per thread: the storage of the first copy of LangChain serves all others. */
function hookEntries(): void {
  AsyncLocalStorageProviderSingleton.initializeGlobalInstance(new AsyncLocalStorage());
  const storage = AsyncLocalStorageProviderSingleton.getInstance();
  if (hooked.has(storage)) return;
  hooked.add(storage);
  const run = storage.run.bind(storage);
  const watched = (entry: unknown, code: () => unknown): unknown => {
    const watch = watches.getStore();
    return watch === undefined ? run(entry, code) : watch.enter(entry, () => run(entry, code));
  };
  Object.assign(storage, { run: watched });
}
