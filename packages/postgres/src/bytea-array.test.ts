import { expect, test } from 'vitest';
import { parseByteaArray } from './bytea-array.ts';

const hex = (digits: string) => Buffer.from(digits, 'hex');

test.each([
  ['{}', []],
  [String.raw`{"\\x6d"}`, [hex('6d')]],
  [String.raw`{"\\x",NULL,"\\x00ff"}`, [Buffer.alloc(0), null, hex('00ff')]],
  [
    String.raw`{{"\\x61","\\x"},{NULL,"\\x7b2c7d"}}`,
    [
      [hex('61'), Buffer.alloc(0)],
      [null, hex('7b2c7d')],
    ],
  ],
  [String.raw`{{{"\\x01"}},{{NULL}}}`, [[[hex('01')]], [[null]]]],
])('%s', (text, expected) => {
  expect(parseByteaArray(text)).toEqual(expected);
});

test.each([
  ['another output of bytea', String.raw`{"\\000a"}`],
  ['subscripts of its own', String.raw`[0:0]={"\\x61"}`],
  ['an end that is missing', String.raw`{"\\x61"`],
  ['an element that does not end', String.raw`{"\\x61`],
  ['more behind the end', String.raw`{"\\x61"}x`],
  ['an element without quotes', '{a}'],
])('leaves %s to the driver', (_what, text) => {
  expect(parseByteaArray(text)).toBe(null);
});
