/** What is seen of a case, however it was run, in words that can be compared. */
import type { Json } from '@runlane/contracts';

/** The end of one run. */
export type RunEnd = {
  type: 'run.succeeded' | 'run.paused' | 'run.failed';
  /** What `invoke` returns, as JSON; null for a run that failed. */
  values: Json;
  interrupts: Json;
  /** Nodes that come next; null for a run that failed. */
  next: string[] | null;
  error: { error: string; message: string } | null;
};

export type CaseSeen = {
  runs: RunEnd[];
  /** What the graph did in the world, in order. */
  effects: string[];
  /** Checkpoints that the thread has at the end: of the graph itself, and of all graphs in it. */
  checkpoints: { own: number; nested: number };
};

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** With what differs between any two runs masked: ids that are made up, measured times, and the lines of stacks. */
export function masked<T>(seen: T): T {
  const text = JSON.stringify(seen)
    .replace(UUID, '<id>')
    .replace(/"id":"[0-9a-f]{32}"/g, '"id":"<id>"')
    .replace(/(REDACTED_[A-Z]+)_[a-z0-9]+/g, '$1_<id>')
    .replace(/(?:\\n {4}at [^"\\]*)+/g, '<stack>')
    .replace(/elapsed: \d+ms/g, 'elapsed: <n>ms')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, '<time>');
  return JSON.parse(text) as T;
}

/** State as a LangGraph server sends it: messages flat, with their type; what JSON has no word for as text. */
export function asJson(value: unknown): Json {
  const text = JSON.stringify(value, function (this: unknown, key: string, plain: unknown) {
    if (typeof plain === 'bigint') return String(plain);
    const original: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, key) : undefined;
    if (typeof original !== 'object' || original === null) return plain;
    if (!('toDict' in original) || typeof original.toDict !== 'function') return plain;
    const { type, data } = original.toDict() as { type: string; data: object };
    return { ...data, type };
  });
  return text === undefined ? null : (JSON.parse(text) as Json);
}
