import { describe, expect, test } from 'vitest';
import { PoisonError } from './errors.ts';
import { parseJson } from './json.ts';

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('the action was to fail');
}

describe('parseJson', () => {
  test.each([
    ['{"a":[1,"ü",null,true]}', { a: [1, 'ü', null, true] }],
    ['"\\ud800"', '\ud800'],
    [' 0 ', 0],
    ['null', null],
  ])('parses %s', (text, value) => {
    expect(parseJson(Buffer.from(text))).toEqual(value);
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['an invalid byte in a text', Buffer.from([0x22, 0xff, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a cut character', Buffer.from([0x22, 0xc3])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d])],
    ['two documents', Buffer.from('{} {}')],
    ['a comment', Buffer.from('{} // no')],
    ['a number that JSON does not have', Buffer.from('NaN')],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseJson(bytes)).toThrow(PoisonError);
    expect(() => parseJson(bytes)).toThrow(expect.objectContaining({ code: 'undecodable' }));
  });

  test('its errors quote nothing of the value, because that may be secret', () => {
    const bytes = Buffer.from('{"webhook": "https://example.com/?token=s3cret" oops}');
    const error = errorOf(() => parseJson(bytes));
    expect(error.message).toContain(`${bytes.length} bytes`);
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/s3cret|oops|webhook/);
  });
});
