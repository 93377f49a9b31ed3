import { LRUCache } from 'lru-cache';
import type { CacheAnswer, CacheKey, CacheRequest, KeptValue } from './cache-messages.ts';

/** Rough size of an entry without its value and its key, in bytes. */
const ENTRY_BYTES = 200;

type Entry = { scope: string; namespace: string; value: KeptValue };

/**
 * Cached results of nodes in all worker threads of this process, for graphs that are compiled with LangGraph's
 * InMemoryCache. A full cache drops the least recently used entry; an entry larger than the cache is not kept.
 */
export class NodeCache {
  readonly #entries: LRUCache<string, Entry>;

  /** @param maxBytes of all entries together; at least 1 */
  constructor(maxBytes: number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      perf: { now: () => performance.now() },
      sizeCalculation: ({ value: { bytes } }, name) => ENTRY_BYTES + name.length * 2 + bytes.length,
    });
  }

  /** Null for what needs no answer. */
  answer(request: CacheRequest): CacheAnswer | null {
    const { scope } = request;
    switch (request.ask) {
      case 'get': {
        const found = request.keys.flatMap((key) => {
          const entry = this.#entries.get(nameOf(scope, key));
          return entry === undefined ? [] : [{ key, value: entry.value }];
        });
        return { type: 'cached', id: request.id, found };
      }
      case 'set':
        for (const { key, value, ttlSeconds } of request.entries) this.#keep(scope, key, value, ttlSeconds);
        return null;
      case 'clear':
        this.#clear(scope, request.namespaces);
        return null;
    }
  }

  #keep(scope: string, key: CacheKey, value: KeptValue, ttlSeconds: number | null): void {
    const name = nameOf(scope, key);
    // LRUCache would take such a time as "for ever".
    if (ttlSeconds !== null && !(ttlSeconds > 0)) this.#entries.delete(name);
    else {
      const ttl = ttlSeconds === null ? {} : { ttl: Math.ceil(ttlSeconds * 1_000) };
      this.#entries.set(name, { scope, namespace: namespaceOf(key[0]), value }, ttl);
    }
  }

  #clear(scope: string, namespaces: string[][]): void {
    const named = new Set(namespaces.map(namespaceOf));
    for (const [name, entry] of this.#entries.entries()) {
      if (entry.scope === scope && (named.size === 0 || named.has(entry.namespace))) this.#entries.delete(name);
    }
  }
}

function nameOf(scope: string, [namespace, key]: CacheKey): string {
  return JSON.stringify([scope, namespace, key]);
}

function namespaceOf(namespace: string[]): string {
  return JSON.stringify(namespace);
}
