import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { BaseCheckpointSaver, BaseStore } from '@langchain/langgraph-checkpoint';
import type { Logger } from '@runlane/service-kit';
import { lend } from './lent-parts.ts';
import { LOAD_LIMIT_MS } from './load-limit.ts';
import { watchParts } from './node-watch.ts';
import { ownIndexWarning } from './own-index.ts';
import { versionProblem } from '../project/langgraph-version.ts';
import type { GraphSource } from '../project/langgraph-json.ts';
import { loadAdvice, pathProblem } from '../project/load-advice.ts';
import { answerAfterStop } from '../store/stopped-store.ts';
import { ownFrameOf } from '../attempt/tell-failure.ts';
import { meterModels } from './watch-models.ts';

/** What the executor uses of a compiled graph. Structural, because a project brings its own copy of LangGraph. */
export interface RunnableGraph {
  checkpointer?: BaseCheckpointSaver | boolean | undefined;
  store?: BaseStore | undefined;
  /** Breakpoints that the graph was compiled with. */
  interruptBefore?: string[] | '*';
  interruptAfter?: string[] | '*';
  /** Undefined for a graph on another server (`RemoteGraph`): only that server knows its nodes. */
  readonly nodes?: Record<string, unknown>;
  readonly channels?: Record<string, unknown>;
  /** What `invoke` returns: several channels as an object, or one channel's value. */
  readonly outputChannels?: string | string[];
  stream(input: unknown, options: object): Promise<AsyncIterable<unknown>>;
  getState(config: object): Promise<GraphState>;
}

/** LangGraph's StateSnapshot, as far as it is used here. */
export type GraphState = {
  values: unknown;
  next: string[];
  config: { configurable?: { checkpoint_id?: string } };
  metadata?: Record<string, unknown> | undefined;
  parentConfig?: object | undefined;
  tasks: { id: string; name: string; interrupts: { id?: string; value?: unknown; response_schema?: unknown }[] }[];
};

/**
 * Milliseconds after which the import of the next graph begins, even if this one is not finished. So an import that waits
 * for a server delays no other, and it is known which import blocks the thread.
 */
const NEXT_AFTER_MS = 5_000;

export type RegistryOptions = {
  /** How long the import of a graph may take, in milliseconds. Default: a minute. */
  loadLimitMs?: number;
  /** Called with each graph that a module exports, not with those that a factory makes. */
  onGraph?: (graphId: string, graph: RunnableGraph) => void;
  /** Called before the import of a graph begins. */
  onLoading?: (graphId: string) => void;
  /** Called when the import has ended, successful or not. */
  onLoaded?: (graphId: string) => void;
};

/** As LangGraph's servers call it. */
type GraphFactory = (config: object, runtime: FactoryRuntime) => unknown;
type FactoryRuntime = { accessContext: 'threads.create_run'; executionRuntime: { context: unknown } };
type Factory = { kind: 'factory'; source: GraphSource; create: GraphFactory };
type LoadedGraph = { kind: 'graph'; graph: RunnableGraph } | Factory;

/** Thrown when the code of a graph cannot be loaded or gives no graph; only runs of that graph fail. */
export class GraphNotLoadable extends Error {
  override readonly name = 'GraphNotLoadable';
}

/** The graphs of a `langgraph.json`. */
export class GraphRegistry {
  readonly #sources: Map<string, GraphSource>;
  readonly #loaded = new Map<string, Promise<LoadedGraph>>();
  readonly #logger: Logger;
  readonly #options: RegistryOptions;

  constructor(sources: readonly GraphSource[], logger: Logger, options: RegistryOptions = {}) {
    this.#options = options;
    this.#sources = new Map(sources.map((source) => [source.graphId, source]));
    this.#logger = logger;
  }

  get graphIds(): string[] {
    return [...this.#sources.keys()];
  }

  /** The file that exports a graph. Thrown: GraphNotLoadable. */
  fileOf(graphId: string): string {
    return this.#sourceOf(graphId).file;
  }

  /** Loads every graph, so that a first run does not wait for it. A graph that does not load is logged, and its runs fail. */
  async loadAll(): Promise<void> {
    const loading: Promise<void>[] = [];
    for (const graphId of this.graphIds) {
      const told = this.#loadAndTell(graphId);
      loading.push(told);
      await Promise.race([told, sleep(NEXT_AFTER_MS, undefined, { ref: false })]);
    }
    await Promise.all(loading);
  }

  async #loadAndTell(graphId: string): Promise<void> {
    try {
      const loaded = await this.#load(graphId);
      this.#logger.info({ graph_id: graphId }, 'graph.loaded');
      const warning = loaded.kind === 'graph' ? ownIndexWarning(loaded.graph) : null;
      if (warning !== null) this.#logger.warn({ graph_id: graphId }, `graph.own_index: ${warning}`);
    } catch (error) {
      this.#logger.error({ err: error, graph_id: graphId, at: ownFrameOf(error) }, 'graph.not_loadable');
    }
  }

  /**
   * A graph for one run, which has the run's saver and store as long as the run asks (`asBorrower`). It is the object
   * that the project has exported, or what its factory has made.
   *
   * @param config merged configuration of the run, handed to a factory together with saver and store
   * @param saver null runs the graph without a checkpointer, whatever it was compiled with
   * @param opened gets what a factory has made, if it is disposable; dispose of it when the run has ended
   * Thrown: GraphNotLoadable.
   */
  async instantiate(
    graphId: string,
    config: object,
    saver: BaseCheckpointSaver | null,
    store: BaseStore,
    opened: AsyncDisposableStack,
  ): Promise<RunnableGraph> {
    const loaded = await this.#load(graphId);
    const graph =
      loaded.kind === 'graph'
        ? loaded.graph
        : await this.#create(loaded, { ...config, store, checkpointer: saver ?? undefined }, opened);
    watchParts(graph);
    lend(graph, { checkpointer: saver ?? undefined, store });
    return graph;
  }

  async #load(graphId: string): Promise<LoadedGraph> {
    const known = this.#loaded.get(graphId);
    if (known !== undefined) return known;
    const source = this.#sourceOf(graphId);
    this.#options.onLoading?.(graphId);
    const loading = importGraph(source).then((loaded) => {
      if (loaded.kind === 'graph') this.#options.onGraph?.(graphId, loaded.graph);
      return loaded;
    });
    const limited = within(this.#options.loadLimitMs ?? LOAD_LIMIT_MS, loading, source).finally(() =>
      this.#options.onLoaded?.(graphId),
    );
    this.#loaded.set(graphId, limited);
    // A graph that loads late serves the runs that come after it.
    limited.catch(() => loading.then(() => this.#loaded.set(graphId, loading)).catch(() => undefined));
    return limited;
  }

  #sourceOf(graphId: string): GraphSource {
    const source = this.#sources.get(graphId);
    if (source === undefined) throw new GraphNotLoadable(`No graph ${graphId} in langgraph.json.`);
    return source;
  }

  async #create({ source, create }: Factory, config: object, opened: AsyncDisposableStack): Promise<RunnableGraph> {
    const { graphId } = source;
    let made: unknown;
    try {
      const context: unknown = 'context' in config ? config.context : {};
      made = await create(config, { accessContext: 'threads.create_run', executionRuntime: { context } });
    } catch (error) {
      throw new GraphNotLoadable(`The factory of graph ${graphId} failed: ${messageOf(error)}`, { cause: error });
    }
    if (isDisposable(made)) opened.use(made);
    const graph = asGraph(made);
    if (graph === null)
      throw new GraphNotLoadable(
        `The factory of graph ${graphId} returned no graph. Return a compiled graph or a StateGraph.`,
      );
    return fitToRun(graph, source);
  }
}

/**
 * Rejects when the graph does not load in time: a module that waits at its top level, for example for a server, may wait for
 * ever.
 */
async function within<T>(limitMs: number, loading: Promise<T>, { graphId, file }: GraphSource): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new GraphNotLoadable(
        `Graph ${graphId}: ${file} has not loaded within ${limitMs / 1_000} s. Connect to servers inside nodes, not while the module loads.`,
      ),
    );
  }, limitMs);
  try {
    return await Promise.race([loading, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function importGraph(source: GraphSource): Promise<LoadedGraph> {
  const { graphId, file, exportName } = source;
  let module: Record<string, unknown>;
  try {
    module = exportsOf((await import(pathToFileURL(file).href)) as Record<string, unknown>);
  } catch (error) {
    const problem = pathProblem(error, file) ?? `does not load: ${messageOf(error)}${loadAdvice(error, file)}`;
    throw new GraphNotLoadable(`Graph ${graphId}: ${file} ${problem}`, { cause: error });
  }
  await answerAfterStop(file);
  await meterModels(file);
  if (!(exportName in module)) {
    const names = Object.keys(module);
    const advice =
      names.length === 0
        ? 'It exports nothing: export the graph.'
        : `It exports ${names.join(', ')}: name the graph's export in langgraph.json, as in "./path/to/file.ts:${names[0]}".`;
    throw new GraphNotLoadable(`Graph ${graphId}: ${file} has no export ${exportName}. ${advice}`);
  }
  const graph = await exportedGraph(module[exportName], source);
  if (graph !== null) return graph;
  throw new GraphNotLoadable(
    `Graph ${graphId}: export ${exportName} of ${file} is no graph. Export a compiled graph, a StateGraph, a promise of one, or a function that returns one.`,
  );
}

/** Null when the export is no graph. */
async function exportedGraph(value: unknown, source: GraphSource): Promise<LoadedGraph | null> {
  const { graphId, file, exportName } = source;
  let graph: RunnableGraph | null;
  let exported: unknown;
  try {
    exported = await value;
    graph = asGraph(exported);
  } catch (error) {
    const told = `Graph ${graphId}: export ${exportName} of ${file} fails: ${messageOf(error)}`;
    throw new GraphNotLoadable(told, { cause: error });
  }
  if (graph !== null) return { kind: 'graph', graph: fitToRun(graph, source) };
  return isFactory(exported) ? { kind: 'factory', source, create: exported } : null;
}

/** `import` of a CommonJS module compiled from `export default` gives the whole module under that name. */
function exportsOf(module: Record<string, unknown>): Record<string, unknown> {
  const { default: whole } = module;
  return isObject(whole) && '__esModule' in whole && whole.__esModule === true ? { ...module, ...whole } : module;
}

function fitToRun(graph: RunnableGraph, { graphId, file }: GraphSource): RunnableGraph {
  const problem = versionProblem(graph, file);
  if (problem !== null) throw new GraphNotLoadable(`Graph ${graphId}: ${problem}`);
  return graph;
}

/** Returns compiled graphs as they are, compiles builders, and unwraps what wraps a graph (`createAgent`). */
function asGraph(value: unknown): RunnableGraph | null {
  if (!isObject(value)) return null;
  if (isRunnableGraph(value)) return value;
  if ('compile' in value && typeof value.compile === 'function') return asGraph(value.compile());
  return 'graph' in value ? asGraph(value.graph) : null;
}

function isRunnableGraph(value: object): value is RunnableGraph {
  return 'lg_is_pregel' in value && value.lg_is_pregel === true;
}

/** A class can only be called with `new`, so it makes no graph. */
function isFactory(value: unknown): value is GraphFactory {
  return typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));
}

function isDisposable(value: unknown): value is AsyncDisposable | Disposable {
  return isObject(value) && (Symbol.asyncDispose in value || Symbol.dispose in value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
