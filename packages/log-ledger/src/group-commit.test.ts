/**
 * Real: the queue. Doubled: the write, which waits for the test. The rest of its behaviour is in settle-runs.test.ts of
 * run-consumer.
 */
import { silentLogger } from '@runlane/service-kit/testing';
import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';

type Item = { key: string; n: number };

function commits(fromItems: number, gathering?: { items: number; wait: () => Promise<void> }) {
  const groups: { names: string[]; commit: () => void }[] = [];
  const queue = new GroupCommit<Item, string>({
    write: (items) => {
      const { promise, resolve } = Promise.withResolvers<string[]>();
      const names = items.map(({ key, n }) => `${key}${n}`);
      groups.push({ names, commit: () => resolve(names) });
      return promise;
    },
    missing: 'lost',
    maxItems: 10,
    beside: { atOnce: 2, fromItems },
    ...(gathering === undefined ? {} : { gather: { items: gathering.items, forMs: 10 } }),
    keyOf: ({ key }) => key,
    describe: ({ n }) => ({ n }),
    name: 'test',
    delay: gathering?.wait ?? (() => Promise.resolve()),
    random: () => 0,
    logger: silentLogger,
  });
  const add = (...names: string[]) =>
    Promise.all(names.map((name) => queue.add({ key: name.slice(0, 1), n: Number(name.slice(1)) })));
  return { queue, groups, add };
}

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

test('an item that is related to a write under way waits for it, and others are written beside it, two writes at a time', async () => {
  const { groups, add, queue } = commits(1);
  const first = add('a1', 'b1');
  await turnOfTheLoop();
  const second = add('a2', 'c1', 'b2');
  await turnOfTheLoop();
  const third = add('d1', 'a3');
  await turnOfTheLoop();
  expect(groups.map(({ names }) => names)).toEqual([['a1', 'b1'], ['c1']]);

  groups[0]?.commit();
  expect(await first).toEqual(['a1', 'b1']);
  await turnOfTheLoop();
  expect(groups.map(({ names }) => names)).toEqual([['a1', 'b1'], ['c1'], ['a2', 'b2', 'd1', 'a3']]);

  for (const { commit } of groups) commit();
  expect(await second).toEqual(['a2', 'c1', 'b2']);
  expect(await third).toEqual(['d1', 'a3']);
  expect(queue.unwrittenCount).toBe(0);
});

test('few items wait for the write under way, and share the next one', async () => {
  const { groups, add } = commits(3);
  const first = add('a1');
  await turnOfTheLoop();
  const few = add('b1', 'c1');
  await turnOfTheLoop();
  expect(groups).toHaveLength(1);
  const more = add('d1');
  await turnOfTheLoop();
  expect(groups.map(({ names }) => names)).toEqual([['a1'], ['b1', 'c1', 'd1']]);

  for (const { commit } of groups) commit();
  expect(await Promise.all([first, few, more])).toEqual([['a1'], ['b1', 'c1'], ['d1']]);
});

test('where items gather, a write begins with so many of them, or after the wait, and each wait is for its own items', async () => {
  const waits: (() => void)[] = [];
  const { groups, add } = commits(1, { items: 3, wait: () => new Promise<void>((resolve) => waits.push(resolve)) });
  // After a rest the first one waits for nobody; it commits when the others have gathered.
  const early = add('z1');
  await turnOfTheLoop();
  const first = add('a1', 'b1');
  await turnOfTheLoop();
  expect(groups.map(({ names }) => names)).toEqual([['z1']]);
  const third = add('c1');
  await turnOfTheLoop();
  expect(groups.map(({ names }) => names)).toEqual([['z1'], ['a1', 'b1', 'c1']]);

  groups[0]?.commit();
  await early;
  const later = add('d1');
  await turnOfTheLoop();
  waits[0]?.();
  await turnOfTheLoop();
  expect(groups).toHaveLength(2);
  waits[1]?.();
  await turnOfTheLoop();
  expect(groups.map(({ names }) => names)).toEqual([['z1'], ['a1', 'b1', 'c1'], ['d1']]);

  for (const { commit } of groups) commit();
  expect(await Promise.all([first, third, later])).toEqual([['a1', 'b1'], ['c1'], ['d1']]);
});

test('where items gather, one that comes after a rest is written immediately', async () => {
  const waits: (() => void)[] = [];
  const { groups, add } = commits(1, { items: 3, wait: () => new Promise<void>((resolve) => waits.push(resolve)) });
  for (const name of ['a1', 'a2']) {
    const written = add(name);
    await turnOfTheLoop();
    expect(groups.at(-1)?.names).toEqual([name]);
    groups.at(-1)?.commit();
    await written;
    await turnOfTheLoop();
    // The rest, as long as items gather.
    waits.at(-1)?.();
    await turnOfTheLoop();
  }
});
