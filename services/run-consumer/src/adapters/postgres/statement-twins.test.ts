/**
 * Some statements repeat each other: SQL can share a part only by a view or a function, and older processes would have
 * to find those in the schema. Here the statements are compared instead.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** From `from` through the next `to`, without the indentation. */
function part(name: string, from: string, to: string): string {
  const text = readFileSync(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
  const begin = text.indexOf(from);
  const end = text.indexOf(to, begin);
  if (begin < 0 || end < 0) throw new Error(`${name} lacks "${begin < 0 ? from : to}".`);
  return text.slice(begin, end + to.length);
}

test('the gauge of the backlog walks from lane to lane, and counts into them, as the list of lanes does', () => {
  const step = (name: string) => part(name, 'union all select next.thread_id', 'as next ),');
  const depth = (name: string) =>
    part(name, '( select count(*) from ( select from runlane.runs as run', 'as counted )');
  expect(step('select-backlog')).toBe(step('list-lanes'));
  expect(depth('select-backlog')).toBe(depth('list-lanes'));
});

test('searches count the unfinished runs of a thread as the list of threads does', () => {
  const count = (name: string, thread: string) =>
    part(name, '( select count(*) from ( select from runlane.runs as run', 'as unfinished_count').replaceAll(
      thread,
      '',
    );
  expect(count('search-threads', 'found.')).toBe(count('select-thread', 'thread.'));
  expect(count('search-ended-runs', 'found.')).toBe(count('select-thread', 'thread.'));
});

test('the search of ended runs looks at them in the order of their list', () => {
  const look = (name: string) =>
    part(name, 'from runlane.runs where run_ended_at is not null', 'order by run_ended_at desc, run_id desc');
  expect(look('search-ended-runs')).toBe(look('list-ended-runs'));
});
