import { expect, test } from 'vitest';
import { createHandOver } from './hand-over.ts';

const never = new AbortController().signal;

test('partitions take turns, each in its own order, and an offer ends when its last item is taken', async () => {
  const handOver = createHandOver<string>();
  const taken: string[] = [];
  const offer = (items: string[]) => handOver.offer(items, never, (item) => taken.push(item));
  const first = offer(['a1', 'a2']);
  const second = offer(['b1']);
  const next = [handOver.next(), handOver.next()];
  expect(await Promise.all(next)).toEqual(['a1', 'b1']);
  expect(taken).toEqual(['a1', 'b1']);
  await second;
  expect(await Promise.race([first.then(() => 'ended'), Promise.resolve('waits')])).toBe('waits');
  expect(await handOver.next()).toBe('a2');
  await first;
  const waiting = handOver.next();
  void offer(['c1']);
  expect(await waiting).toBe('c1');
});

test('an aborted offer takes back what nobody has taken', async () => {
  const handOver = createHandOver<string>();
  const abort = new AbortController();
  const offer = handOver.offer(['a1', 'a2'], abort.signal, () => undefined);
  offer.catch(() => undefined); // awaited below
  expect(await handOver.next()).toBe('a1');
  abort.abort(new Error('rebalance'));
  await expect(offer).rejects.toThrow('rebalance');
  const waiting = handOver.next();
  void handOver.offer(['b1'], never, () => undefined);
  expect(await waiting).toBe('b1');
  await expect(handOver.offer(['a3'], abort.signal, () => undefined)).rejects.toThrow('rebalance');
});

test('an end or a failure reaches those who wait already and those who ask later', async () => {
  const ended = createHandOver<string>();
  const before = ended.next();
  ended.end();
  expect([await before, await ended.next()]).toEqual([null, null]);
  const failed = createHandOver<string>();
  failed.fail(new Error('denied'));
  await expect(failed.next()).rejects.toThrow('denied');
});
