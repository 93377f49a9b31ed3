import { describe, expect, test } from 'vitest';
import { describeError } from './describe-error.ts';

const named = (name: unknown, message: unknown = 'm') => Object.assign(new Error('m'), { name, message });
const cyclic: Record<string, unknown> = { a: 1 };
cyclic['self'] = cyclic;
class Failure extends Error {
  override readonly name = 'Failure';
}

describe('an error that a graph throws', () => {
  test.each<[string, unknown, { error: string; message: string }]>([
    ['of a class', new Failure('no'), { error: 'Failure', message: 'no' }],
    ['without a name', named(undefined), { error: 'Error', message: 'm' }],
    ['with a name that is empty', named(''), { error: 'Error', message: 'm' }],
    ['with a name that is an object', named({ a: 1 }), { error: 'Error', message: 'm' }],
    ['with a name that cannot be cloned', named(1n), { error: 'Error', message: 'm' }],
    ['with a symbol for a name', named(Symbol('s')), { error: 'Error', message: 'm' }],
    [
      'with a list for a message',
      named('E', ['too short', 'no digit']),
      { error: 'E', message: '["too short","no digit"]' },
    ],
    ['with an object for a message', named('E', { code: 7 }), { error: 'E', message: '{"code":7}' }],
    ['that is a text', 'text', { error: 'Error', message: 'text' }],
    ['that is an object', { reason: 'x' }, { error: 'Error', message: '{"reason":"x"}' }],
    ['that is a cycle', cyclic, { error: 'Error', message: '{"a":1,"self":"[Circular]"}' }],
    ['that is a BigInt', 7n, { error: 'Error', message: '7' }],
    ['that is nothing', undefined, { error: 'Error', message: 'null' }],
    ['that is a function', () => 1, { error: 'Error', message: 'null' }],
    [
      'that is a text, hidden by LangGraph’s own',
      new TypeError("Cannot create property 'pregelTaskId' on string 'it’s\nover'"),
      { error: 'Error', message: 'it’s\nover' },
    ],
    ['that Postgres cannot hold', new Error('a\u0000b\ud800c'), { error: 'Error', message: 'a\ufffdb\ufffdc' }],
    [
      'that throws when it is read',
      new Proxy(new Error('m'), {
        get: () => {
          throw new Error('not this one');
        },
      }),
      { error: 'Error', message: expect.any(String) as string },
    ],
  ])('%s', (_what, error, described) => {
    expect(describeError(error)).toEqual(described);
    expect(structuredClone(describeError(error))).toEqual(described);
  });

  test('is bounded', () => {
    const { error, message } = describeError(named('n'.repeat(1e6), 'm'.repeat(1e6)));
    expect([error.length, message.length]).toEqual([256, 16_384]);
  });
});

test('on request it has its stack and those of its causes, bounded, whatever the causes are', () => {
  const endless = new Error('outer');
  endless.cause = new RangeError('inner', { cause: endless });
  expect(describeError(endless)).not.toHaveProperty('stack');
  expect(describeError(endless, 60_000).stack).toMatch(/^Error: outer[^]*\ncaused by: RangeError: inner/);
  expect(describeError(endless, 20).stack).toHaveLength(20);

  const hostile = new Error('m');
  for (const key of ['stack', 'cause']) {
    Object.defineProperty(hostile, key, {
      get: () => {
        throw new Error('not for you');
      },
    });
  }
  expect(describeError(hostile, 100)).toEqual({ error: 'Error', message: 'm' });
});
