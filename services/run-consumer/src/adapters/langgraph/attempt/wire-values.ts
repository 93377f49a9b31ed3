/**
 * Purpose   Turns the state and the interrupts of graphs into the JSON of events; it never fails.
 * Rule      What `JSON.stringify` can write is written as it would: dates and others by their `toJSON`, objects of a class
 *           as their members, without undefined members. Messages become `{type, content, …}`, as
 *           LangGraph's servers send them. What JSON cannot hold is replaced, and the result is marked as lossy:
 *
 *             BigInt                                    its digits, as text
 *             NaN, infinities                           null
 *             an object inside itself                   "[Circular]", as in the checkpoint
 *             Map                                       an object when its keys are texts, else a list of pairs
 *             Set                                       a list
 *             Error                                     {name, message}
 *             RegExp                                    its text
 *             bytes (Buffer, Uint8Array, ArrayBuffer)   base64, in the run that made them and in the next
 *             other typed arrays                        a list of numbers
 *             functions, symbols, promises, streams and other handles, what throws when it is read, more than
 *             MAX_DEPTH levels                          left out of objects, null in lists
 */
import type { Json } from '@runlane/contracts';

/** A value in the form of the event; `isLossy`: something in it was replaced or left out. */
export type WireValue = { json: Json; isLossy: boolean };

/** Levels of lists and objects; more could overflow the call stack of a reader. */
const MAX_DEPTH = 500;

/** Never throws. */
export function toWire(value: unknown): WireValue {
  const writer = new WireWriter();
  const json = writer.write(value) ?? null;
  return { json, isLossy: writer.isLossy };
}

/** Undefined: there is nothing to write, so an object leaves the member out. */
type Written = Json | undefined;

class WireWriter {
  isLossy = false;
  readonly #open = new Set<object>();

  write(value: unknown): Written {
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : this.#lost(null);
      case 'bigint':
        return this.#lost(String(value));
      case 'function':
      case 'symbol':
        return this.#lost(undefined);
      case 'object':
        return value === null ? null : this.#guarded(value);
    }
  }

  /** Getters, proxies and `toJSON` are code of the project. */
  #guarded(value: object): Written {
    if (this.#open.has(value)) return this.#lost('[Circular]');
    if (this.#open.size >= MAX_DEPTH) return this.#lost(undefined);
    this.#open.add(value);
    try {
      return this.#object(value);
    } catch {
      return this.#lost(undefined);
    } finally {
      this.#open.delete(value);
    }
  }

  #object(value: object): Written {
    if (Array.isArray(value)) return this.#list(value);
    if (isMessage(value)) return this.#message(value);
    const special = this.#special(value);
    if (special !== null) return special.written;
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const plain: unknown = value.toJSON();
      return plain === value ? this.#members(value) : this.write(plain);
    }
    return isHandle(value) ? this.#lost(undefined) : this.#members(value);
  }

  #special(value: object): { written: Written } | null {
    const bytes = bytesOf(value);
    if (bytes !== null) return { written: this.#lost(bytes.toString('base64')) };
    if (value instanceof Map) return { written: this.#lost(this.#map(value)) };
    if (value instanceof Set) return { written: this.#lost(this.#list([...value])) };
    if (ArrayBuffer.isView(value)) return { written: this.#lost(this.#list(Object.values(value))) };
    if (value instanceof RegExp) return { written: this.#lost(String(value)) };
    if (value instanceof Error) {
      const { name, message } = value;
      return { written: this.#lost({ name: textOf(name, 'Error'), message: textOf(message, '') }) };
    }
    if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      return { written: this.write(value.valueOf()) };
    }
    return null;
  }

  #message(message: Message): Written {
    const { type, data } = message.toDict();
    return this.#members({ ...data, type });
  }

  #list(items: readonly unknown[]): Json[] {
    return Array.from(items, (item) => this.write(item) ?? null);
  }

  #map(map: Map<unknown, unknown>): Written {
    const entries = [...map];
    return entries.every(([key]) => typeof key === 'string')
      ? this.#members(Object.fromEntries(entries))
      : this.#list(entries);
  }

  #members(value: object): Json {
    const written: [string, Json][] = [];
    for (const key of Object.keys(value)) {
      const member = this.#member(value, key);
      if (member !== undefined) written.push([key, member]);
    }
    return Object.fromEntries(written);
  }

  #member(value: object, key: string): Written {
    let member: unknown;
    try {
      member = Reflect.get(value, key);
    } catch {
      return this.#lost(undefined);
    }
    return this.write(member);
  }

  #lost<T>(instead: T): T {
    this.isLossy = true;
    return instead;
  }
}

type Message = { toDict(): { type: string; data: Record<string, unknown> } };

function isMessage(value: object): value is Message {
  return 'lc_serializable' in value && 'toDict' in value && typeof value.toDict === 'function';
}

function bytesOf(value: object): Buffer | null {
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof DataView) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  return null;
}

/** Handles of the process. Their members mean nothing to a reader, and may be connections and passwords. */
function isHandle(value: object): boolean {
  if (value instanceof Promise || value instanceof EventTarget) return true;
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef) return true;
  return 'on' in value && typeof value.on === 'function' && 'emit' in value && typeof value.emit === 'function';
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
