import { expect, test } from 'vitest';
import { keeping } from './keeping.ts';

test('a value that is asked for repeatedly is made once, and no more values are kept than the limit', () => {
  const made: string[] = [];
  const lengthOf = keeping(4, (text) => {
    made.push(text);
    return text.length;
  });
  for (const text of ['a', 'bb', 'a', 'ccc', 'a', 'dddd', 'a', 'eeeee', 'a']) expect(lengthOf(text)).toBe(text.length);
  expect(made).toEqual(['a', 'bb', 'ccc', 'dddd', 'eeeee']);
  expect(lengthOf('bb')).toBe(2);
  expect(made.at(-1)).toBe('bb');
});
