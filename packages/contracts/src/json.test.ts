import { describe, expect, it } from 'vitest';
import { checkJson } from './index.ts';
import type { JsonVerdict } from './index.ts';

// Pure. Decides: the verdict on what JSON.parse made of a text.

const LIMITS = { maxDepth: 256 };

describe('storable JSON', () => {
  it.each(['null', 'true', '0', '-0', '1e308', '""', '[]', '{}', '"\\ud83c\\udf0d"', '{"":[{"a":null}]}'])(
    'is %s',
    (text) => expect(verdictOn(text)).toEqual({ kind: 'ok' }),
  );

  it.each<[string, string, string | RegExp]>([
    ['"a\\u0000b"', '', /NUL/],
    ['{"a":{"b":["x","\\u0000"]}}', 'a.b[1]', /NUL/],
    ['{"a":[{"x\\u0000":1}]}', 'a[0]', /a name in it holds a NUL/],
    ['{"\\u0000":1}', '', /a name in it holds a NUL/],
    ['["\\ud800"]', '[0]', /lone surrogate/],
    ['["\\udf0d\\ud83c"]', '[0]', /lone surrogate/],
    ['{"\\udc00":1}', '', /a name in it holds a lone surrogate/],
    ['{"n":1e400}', 'n', /beyond the range of a double/],
    ['{"n":[-1e400]}', 'n[0]', /beyond the range of a double/],
    ['{"a b":{"__proto__":"\\u0000"}}', '["a b"].__proto__', /NUL/],
    ['[[],{},[1,{"x":"\\u0000"}]]', '[2][1].x', /NUL/],
  ])('is not %s', (text, path, why) => {
    expect(verdictOn(text)).toEqual({ kind: 'unstorable', path, why: expect.stringMatching(why) });
  });

  it('holds only what JSON has', () => {
    expect(checkJson({ a: undefined }, LIMITS)).toMatchObject({ kind: 'unstorable', path: 'a' });
    expect(checkJson([1n], LIMITS)).toMatchObject({ kind: 'unstorable', path: '[0]' });
  });

  it.each(['[', '{"a":', '[{"b":'])('nests 256 levels of %s and not 257', (opening) => {
    const perOpening = (opening.match(/[[{]/g) ?? []).length;
    expect(verdictOn(nested(opening, 256 / perOpening))).toEqual({ kind: 'ok' });
    expect(verdictOn(`[${nested(opening, 256 / perOpening)}]`)).toEqual({ kind: 'too_deep' });
  });

  it('may have a scalar in its deepest level', () => {
    expect(checkJson([[1]], { maxDepth: 2 })).toEqual({ kind: 'ok' });
    expect(checkJson([[[]]], { maxDepth: 2 })).toEqual({ kind: 'too_deep' });
    expect(checkJson(1, { maxDepth: 0 })).toEqual({ kind: 'ok' });
  });

  it('counts levels and not members: a level that has ended does not count', () => {
    expect(verdictOn(`[${Array.from({ length: 1000 }, () => nested('[', 255)).join(',')}]`)).toEqual({ kind: 'ok' });
  });

  it('is checked without overflowing the stack, at any limit', () => {
    expect(verdictOn(nested('[', 2 * 1024 * 1024))).toEqual({ kind: 'too_deep' });
    expect(verdictOn(nested('[', 200_000), 200_000)).toEqual({ kind: 'ok' });
  });

  it('is reported with a path that stays short', () => {
    const long = JSON.stringify(Object.fromEntries([['k'.repeat(100_000), 'x']])).replace('"x"', '"\\u0000"');
    const deep = nested('{"abcdefghij":', 200).replace('null', '"\\u0000"');
    for (const text of [long, deep]) {
      const verdict = verdictOn(text);
      expect(verdict.kind).toBe('unstorable');
      expect(verdict.kind === 'unstorable' && verdict.path.length).toBeLessThanOrEqual(250);
    }
  });
});

function verdictOn(text: string, maxDepth = LIMITS.maxDepth): JsonVerdict {
  return checkJson(JSON.parse(text), { maxDepth });
}

function nested(opening: string, times: number): string {
  const closing = Array.from(opening)
    .filter((character) => '[{'.includes(character))
    .toReversed()
    .map((character) => (character === '[' ? ']' : '}'))
    .join('');
  // A list may be empty, so the innermost value is absent there; an object needs one.
  return opening.repeat(times) + (opening.endsWith('[') ? '' : 'null') + closing.repeat(times);
}
