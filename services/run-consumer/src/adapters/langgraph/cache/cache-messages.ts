/** Messages between worker threads and the process about cached results of nodes. */

/** LangGraph's name of an entry: a namespace, and a key in it. */
export type CacheKey = [namespace: string[], key: string];

/** A value as the cache's own serializer has written it. */
export type KeptValue = { encoding: string; bytes: Uint8Array | string };

/** `scope`: whose cache it is; nothing is shared between two of them. `ttlSeconds` null: for as long as there is room. */
export type CacheRequest =
  | { type: 'cache'; ask: 'get'; id: number; scope: string; keys: CacheKey[] }
  | {
      type: 'cache';
      ask: 'set';
      scope: string;
      entries: { key: CacheKey; value: KeptValue; ttlSeconds: number | null }[];
    }
  /** Without namespaces: all of them. */
  | { type: 'cache'; ask: 'clear'; scope: string; namespaces: string[][] };

/** Answers a `get` with the entries that exist. */
export type CacheAnswer = { type: 'cached'; id: number; found: { key: CacheKey; value: KeptValue }[] };
