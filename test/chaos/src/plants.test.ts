/** Every plant finds the text that it replaces; otherwise it would plant nothing. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PLANTS } from './plants.ts';

const ROOT = new URL('../../../', import.meta.url);

test.each([...PLANTS])('%s has its place', (_name, { file, find, replace }) => {
  expect(readFileSync(new URL(file, ROOT), 'utf8')).toContain(find);
  expect(replace).not.toBe(find);
});
