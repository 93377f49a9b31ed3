/**
 * Some statements repeat each other: SQL can share a part only by a view or a function, and older processes would have
 * to find those in the schema. Here the statements are compared instead.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string) => readFileSync(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8');

/** From the first line that holds `from` to the line before the one that holds `to`, or to the end. */
function part(name: string, from: string, to?: string): string {
  const text = read(name);
  const begin = text.indexOf(from);
  const end = to === undefined ? text.length : text.indexOf(to, begin);
  if (begin < 0 || end < 0) throw new Error(`${name} lacks "${begin < 0 ? from : to}".`);
  return text.slice(begin, end).trimEnd();
}

test('statements that bring URLs into line wake their endpoints and sites in the same way', () => {
  expect(part('line-up-stored', 'woken as (')).toBe(part('line-up-targets', 'woken as ('));
});

test('a lease is renewed in the same way alone and with others', () => {
  expect(part('renew-lease', 'returning')).toBe(part('renew-leases', 'returning'));
});

test('what a replay counts beforehand is what it selects', () => {
  expect(part('count-replayable', 'from webhooks.deliveries')).toBe(
    part('select-replayable', 'from webhooks.deliveries', 'order by'),
  );
});
