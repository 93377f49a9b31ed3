import { EventEmitter } from 'node:events';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { describe, expect, test } from 'vitest';
import { toWire } from './wire-values.ts';

const cyclic: Record<string, unknown> = { name: 'a' };
cyclic['self'] = cyclic;
const throwing = { good: 1 };
Object.defineProperty(throwing, 'bad', {
  enumerable: true,
  get: () => {
    throw new Error('not now');
  },
});
class Box {
  readonly n = 3;
  readonly #hidden = 4;
  get sum(): number {
    return this.n + this.#hidden;
  }
}
function nested(levels: number): unknown {
  let value: unknown = 'end';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

describe('a value that JSON can express is as in JSON, and not marked', () => {
  test.each<[string, unknown, unknown]>([
    ['scalars and lists', { a: 1, b: 'x', c: [true, null] }, { a: 1, b: 'x', c: [true, null] }],
    ['an undefined member', { a: undefined, b: 1 }, { b: 1 }],
    ['nothing at all', undefined, null],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an object of a class', { box: new Box() }, { box: { n: 3 } }],
    ['the same object twice', [[1], [1]], [[1], [1]]],
    ['a member named __proto__', JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": {"a": 1}}')],
  ])('%s', (_name, value, json) => {
    expect(toWire(value)).toEqual({ json, isLossy: false });
    expect(JSON.stringify(toWire(value).json)).toBe(JSON.stringify(json));
  });

  test('an object that occurs twice is written twice, because that is no cycle', () => {
    const shared = { a: 1 };
    expect(toWire({ left: shared, right: shared })).toEqual({
      json: { left: { a: 1 }, right: { a: 1 } },
      isLossy: false,
    });
  });

  test('messages are flat', () => {
    const { json, isLossy } = toWire({
      messages: [new HumanMessage('hi'), new AIMessage({ content: 'yo', id: 'm1' })],
    });
    expect(json).toMatchObject({
      messages: [
        { type: 'human', content: 'hi' },
        { type: 'ai', content: 'yo', id: 'm1' },
      ],
    });
    expect(isLossy).toBe(false);
  });
});

describe('a value that JSON cannot express is replaced and marked, and nothing beside it', () => {
  test.each<[string, unknown, unknown]>([
    ['a BigInt', 10n, '10'],
    ['NaN', Number.NaN, null],
    ['infinity', Number.POSITIVE_INFINITY, null],
    ['a cycle', cyclic, { name: 'a', self: '[Circular]' }],
    ['a map of texts', new Map([['k', 1n]]), { k: '1' }],
    ['another map', new Map<unknown, unknown>([[1, 'one']]), [[1, 'one']]],
    ['a set', new Set([1, 2]), [1, 2]],
    ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
    ['an error whose name is no text', Object.assign(new Error('no'), { name: 1n }), { name: 'Error', message: 'no' }],
    ['a pattern', /a+/gi, '/a+/gi'],
    ['a buffer', Buffer.from('hi'), 'aGk='],
    ['bytes', new TextEncoder().encode('hi'), 'aGk='],
    ['part of a buffer', Buffer.from('xhix').subarray(1, 3), 'aGk='],
    ['an array buffer', new TextEncoder().encode('hi').buffer, 'aGk='],
    ['a vector', new Float32Array([0.5, 2]), [0.5, 2]],
    ['big integers', new BigInt64Array([1n]), ['1']],
    ['a function in a list', [() => 1], [null]],
    ['an emitter in a list', [new EventEmitter()], [null]],
    ['a promise in a list', [Promise.resolve(1)], [null]],
    ['a member that throws when it is read', throwing, { good: 1 }],
    ['a toJSON that throws', [{ toJSON: () => JSON.parse('{') as unknown }], [null]],
  ])('%s', (_name, value, json) => {
    expect(toWire({ value, beside: 1 })).toEqual({ json: { value: json, beside: 1 }, isLossy: true });
  });

  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a handle', new EventEmitter()],
    ['a signal', new AbortController().signal],
  ])('%s is left out of an object', (_name, value) => {
    expect(toWire({ value, beside: 1 })).toEqual({ json: { beside: 1 }, isLossy: true });
  });

  test('a revoked proxy', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(toWire({ proxy, beside: 1 })).toEqual({ json: { beside: 1 }, isLossy: true });
  });

  test('endless depth', () => {
    const { json, isLossy } = toWire({ deep: nested(100_000), beside: 1 });
    expect(json).toMatchObject({ beside: 1 });
    expect(isLossy).toBe(true);
    expect(toWire(nested(400)).isLossy).toBe(false);
  });
});
