import { expect, test } from 'vitest';
import { fits, readMetadataQuery } from './metadata-query.ts';

test('pairs are read, with numbers also as texts and blanks in quotes', () => {
  expect(readMetadataQuery('  tenant=acme user=7 ok=true name="Ann \\"A\\" Lee" url=https://x.example/?a=b ')).toEqual({
    problem: null,
    pairs: [
      { key: 'tenant', values: ['acme'] },
      { key: 'user', values: ['7', 7] },
      { key: 'ok', values: ['true', true] },
      { key: 'name', values: ['Ann "A" Lee'] },
      { key: 'url', values: ['https://x.example/?a=b'] },
    ],
  });
  expect(readMetadataQuery('  ')).toEqual({ problem: null, pairs: [] });
  expect(readMetadataQuery('quoted="7" empty=')).toEqual({
    problem: null,
    pairs: [
      { key: 'quoted', values: ['7'] },
      { key: 'empty', values: [''] },
    ],
  });
});

test.for(['acme', '=acme', 'a=b c', 'a="b', 'a="\\x"', 'a=b '.repeat(11)])('%j is refused', (text) => {
  expect(readMetadataQuery(text)).toEqual({ problem: expect.stringMatching(/\S/) });
});

test('metadata fits when it has each key with one of its values', () => {
  const pairs = [
    { key: 'user', values: ['7', 7] },
    { key: 'a', values: [null] },
  ];
  expect(fits({ user: 7, a: null, b: 1 }, pairs)).toBe(true);
  expect(fits({ user: '7', a: null }, pairs)).toBe(true);
  expect(fits({ user: 7 }, pairs)).toBe(false);
  expect(fits({ user: [7], a: null }, pairs)).toBe(false);
  expect(fits({}, [{ key: 'constructor', values: ['x'] }])).toBe(false);
});
