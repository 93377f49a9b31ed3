import { expect, test } from 'vitest';
import { InvalidRequestError } from './errors.ts';
import { checkedRequest } from './request-bytes.ts';

const asked = (input: unknown) => ({ thread_id: 't', assistant_id: 'chat', input });

const circular: Record<string, unknown> = {};
circular['self'] = circular;
let deep: unknown = null;
for (let level = 0; level < 100_000; level += 1) deep = [deep];
const shared = { value: Number.NaN };

test.each<[string, unknown, string, RegExp]>([
  ['NaN', asked({ a: [1, Number.NaN] }), 'unstorable_json', /^input\.a\[1\]: is NaN.*leave it out$/],
  ['infinity', asked({ a: -Infinity }), 'unstorable_json', /^input\.a: is a number beyond.*send it as text$/],
  ['a bigint', asked({ a: { b: 1n } }), 'unstorable_json', /^input\.a\.b: is bigint.*leave it out$/],
  ['a function', asked({ a: () => 1 }), 'unstorable_json', /^input\.a: is function/],
  ['a hole in a list', asked([undefined]), 'unstorable_json', /^input\[0\]: is undefined/],
  ['a circle', asked(circular), 'unstorable_json', /cannot be written as JSON: .*Send plain values\.$/],
  ['levels without end', asked(deep), 'too_deep', /256 levels\. Flatten it\.$/],
  [
    'a second place of one value',
    asked({ a: { value: 1 }, b: [shared] }),
    'unstorable_json',
    /^input\.b\[0\]\.value: /,
  ],
  ['NUL', asked('a\u0000'), 'unstorable_json', /^input: holds a NUL character/],
  ['a date as input, which is a text', { assistant_id: 'chat', inputs: new Date() }, 'invalid_request', /"inputs"/],
  ['nothing', undefined, 'invalid_request', /^RunCreate: is null/],
])('%s is refused with what to change', (_name, request, code, message) => {
  const check = (): unknown => checkedRequest(request, 'run.create', 3);
  expect(check).toThrow(InvalidRequestError);
  expect(check).toThrow(expect.objectContaining({ code, index: 3, message: expect.stringMatching(message) }));
});

test('what is sent is what was checked: dates become strings, and undefined members are left out', () => {
  const { bytes, reading } = checkedRequest(asked({ at: new Date(0), none: undefined }), 'run.create', 0);
  expect(JSON.parse(bytes.toString())).toEqual(asked({ at: '1970-01-01T00:00:00.000Z' }));
  expect(reading.request).toMatchObject({ input: { at: '1970-01-01T00:00:00.000Z' } });
});
