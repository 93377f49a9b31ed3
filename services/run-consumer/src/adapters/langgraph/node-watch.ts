/**
 * Purpose   Knows which nodes of a run's graph are executing. LangGraph gives up an aborted graph at once, and a node
 *           that does not look at its signal goes on, with side effects and all.
 * I3, I9    An aborted attempt ends when its nodes have: until then the next run of the thread must not start.
 * Limits    Nodes and the nodes of subgraphs that are nodes. What a node starts without waiting for it is not seen, nor
 *           is a node of a graph that another node invokes by hand: that invocation ends with the abort, like this one.
 */
import type { RunnableGraph } from './graph-registry.ts';

export class NodeWatch {
  readonly #executing = new Set<Promise<unknown>>();

  /** Watches the nodes of a graph that belongs to one run: its nodes are replaced by copies. */
  watch(graph: RunnableGraph): void {
    const nodes = Object.entries(graph.nodes).map(([name, node]) => [name, this.#watched(node)] as const);
    Object.assign(graph, { nodes: Object.fromEntries(nodes) });
  }

  /** Resolves when no node is executing. */
  async ended(): Promise<void> {
    while (this.#executing.size > 0) await Promise.allSettled(this.#executing);
  }

  /** A node with what it executes in `bound`; anything else stays as it is. */
  #watched(node: unknown): unknown {
    if (!isObject(node) || !isObject(node['bound'])) return node;
    const bound = this.#watchedBound(node['bound']);
    return bound === null ? node : derived(node, { bound });
  }

  #watchedBound(bound: Bound): object | null {
    if (isGraph(bound)) {
      const subgraph = bound.withConfig({});
      this.watch(subgraph);
      return subgraph;
    }
    const { func } = bound;
    if (typeof func !== 'function') return null;
    return derived(bound, { func: (...args: unknown[]) => this.#track(Reflect.apply(func, bound, args)) });
  }

  #track(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    const executing = result.finally(() => this.#executing.delete(executing));
    this.#executing.add(executing);
    // The result itself says how the node ended; this one only that it did.
    executing.catch(() => undefined);
    return result;
  }
}

type Bound = Record<string, unknown>;

/** The same object with some properties of its own, so that the shared one stays as it is. */
function derived(original: Bound, own: object): object {
  const copy: unknown = Object.create(original);
  return Object.assign(copy as object, own);
}

function isObject(value: unknown): value is Bound {
  return typeof value === 'object' && value !== null;
}

function isGraph(bound: object): bound is RunnableGraph {
  return 'lg_is_pregel' in bound && bound.lg_is_pregel === true;
}
