/**
 * Purpose   A graph that is compiled with LangGraph's InMemoryCache shares it with the same graph in the other threads of
 *           the process, as in a process without threads.
 * How       The object and its class stay those of the project, except the methods that the class defines: on a cache that
 *           belongs to a graph, they ask the process. What a project puts into its cache while its module loads stays in the
 *           thread. Caches of other classes (Redis, SQLite) are left alone, as are those of graphs
 *           that a factory makes for a run.
 */
import type { CacheAnswer, CacheKey, CacheRequest, KeptValue } from './cache-messages.ts';

/** InMemoryCache, as far as it is used here: each project has a copy of its own. */
type MemoryCache = {
  serde: {
    dumpsTyped: (value: unknown) => Promise<[string, Uint8Array | string]>;
    loadsTyped: (encoding: string, bytes: Uint8Array | string) => Promise<unknown>;
  };
};
type Found = { key: CacheKey; value: unknown }[];
type Methods = {
  get: (this: MemoryCache, keys: CacheKey[]) => Promise<Found>;
  set: (this: MemoryCache, pairs: { key: CacheKey; value: unknown; ttl?: number }[]) => Promise<void>;
  clear: (this: MemoryCache, namespaces: string[][]) => Promise<void>;
};
type Share = { scope: string; caches: SharedCaches };

const shares = new WeakMap<object, Share>();
const wrapped = new WeakSet<object>();

export class SharedCaches {
  readonly #post: (request: CacheRequest) => void;
  readonly #asked = new Map<number, (found: CacheAnswer['found']) => void>();
  #askedCount = 0;

  /** @param post to the process, which answers each `get` */
  constructor(post: (request: CacheRequest) => void) {
    this.#post = post;
  }

  /** Call this with each graph that a module exports, before it runs. Subgraphs are included. */
  share(graphId: string, graph: object): void {
    for (const [scope, { cache }] of graphsIn(graphId, graph, new Set())) {
      if (typeof cache !== 'object' || cache === null || !wrapClassOf(cache)) continue;
      const known = shares.get(cache);
      // Two graphs of a project may share one cache, so all threads have to choose the same name for it.
      if (known === undefined || scope < known.scope) shares.set(cache, { scope, caches: this });
    }
  }

  answered({ id, found }: CacheAnswer): void {
    this.#asked.get(id)?.(found);
    this.#asked.delete(id);
  }

  get(scope: string, keys: CacheKey[]): Promise<CacheAnswer['found']> {
    const { promise, resolve } = Promise.withResolvers<CacheAnswer['found']>();
    const id = (this.#askedCount += 1);
    this.#asked.set(id, resolve);
    this.#post({ type: 'cache', ask: 'get', id, scope, keys });
    return promise;
  }

  set(scope: string, entries: { key: CacheKey; value: KeptValue; ttlSeconds: number | null }[]): void {
    this.#post({ type: 'cache', ask: 'set', scope, entries });
  }

  clear(scope: string, namespaces: string[][]): void {
    this.#post({ type: 'cache', ask: 'clear', scope, namespaces });
  }
}

/** False for a cache of another class. */
function wrapClassOf(cache: object): boolean {
  for (let found: unknown = Object.getPrototypeOf(cache); isObject(found); found = Object.getPrototypeOf(found)) {
    if (wrapped.has(found)) return true;
    if (!isInMemoryCache(found)) continue;
    wrapped.add(found);
    wrap(found);
    return true;
  }
  return false;
}

function isInMemoryCache(prototype: object): prototype is Methods {
  const methods = ['get', 'set', 'clear'].map(
    (name): unknown => Object.getOwnPropertyDescriptor(prototype, name)?.value,
  );
  return prototype.constructor.name === 'InMemoryCache' && methods.every((method) => typeof method === 'function');
}

function wrap(prototype: Methods): void {
  const { get, set, clear } = prototype;
  const methods: Methods = {
    async get(keys) {
      const share = shares.get(this);
      if (share === undefined || keys.length === 0) return get.call(this, keys);
      const kept = await share.caches.get(share.scope, keys);
      const found = await Promise.all(
        kept.map(async ({ key, value }) => ({ key, value: await this.serde.loadsTyped(value.encoding, value.bytes) })),
      );
      const names = new Set(kept.map(({ key }) => JSON.stringify(key)));
      return [
        ...found,
        ...(await get.call(
          this,
          keys.filter((key) => !names.has(JSON.stringify(key))),
        )),
      ];
    },
    async set(pairs) {
      const share = shares.get(this);
      if (share === undefined) return set.call(this, pairs);
      const entries = pairs.map(async ({ key, value, ttl }) => {
        const [encoding, bytes] = await this.serde.dumpsTyped(value);
        return { key, value: { encoding, bytes: unshared(bytes) }, ttlSeconds: ttl ?? null };
      });
      share.caches.set(share.scope, await Promise.all(entries));
    },
    async clear(namespaces) {
      const share = shares.get(this);
      share?.caches.clear(share.scope, namespaces);
      await clear.call(this, namespaces);
    },
  };
  Object.assign(prototype, methods);
}

/** A view of a larger buffer would be sent with the whole buffer. */
function unshared(bytes: Uint8Array | string): Uint8Array | string {
  return typeof bytes === 'string' || bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

type Compiled = { cache?: unknown; nodes?: unknown; getSubgraphs?: () => Iterable<[string, object]> };

/** A graph and its subgraphs, each with a name that is the same in every thread. A remote graph has none. */
function* graphsIn(name: string, graph: Compiled, seen: Set<object>): Generator<[string, Compiled]> {
  if (seen.has(graph)) return;
  seen.add(graph);
  yield [name, graph];
  if (!isObject(graph.nodes) || typeof graph.getSubgraphs !== 'function') return;
  for (const [node, subgraph] of graph.getSubgraphs()) yield* graphsIn(`${name}/${node}`, subgraph, seen);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
