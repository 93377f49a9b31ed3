import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TopicPartition } from '../port.ts';
import { createPartitionPauses } from './partition-pauses.ts';

/** Real: the bookkeeping; doubled: the clock, and the consumer, of which only the set of fetched partitions counts. */
describe('partition pauses', () => {
  const p0 = { topic: 't', partition: 0 };
  const p1 = { topic: 't', partition: 1 };
  const notFetched = new Set<number>();
  const consumer = {
    pause: ({ partition }: TopicPartition): void => void notFetched.add(partition),
    resume: ({ partition }: TopicPartition): void => void notFetched.delete(partition),
  };

  beforeEach(() => {
    vi.useFakeTimers();
    notFetched.clear();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function joinedPauses(): ReturnType<typeof createPartitionPauses> {
    const pauses = createPartitionPauses({ initialMs: 100, maxMs: 350 });
    pauses.joined(consumer);
    return pauses;
  }

  test('a back-off doubles with each failure in a row, up to its limit, and starts over after a success', () => {
    const pauses = joinedPauses();
    const waits = [1, 2, 3, 4].map(() => {
      const wait = pauses.backOff(p0);
      vi.advanceTimersByTime(wait - 1);
      expect([pauses.isPaused(p0), notFetched.has(0)]).toEqual([true, true]);
      vi.advanceTimersByTime(1);
      expect([pauses.isPaused(p0), notFetched.has(0)]).toEqual([false, false]);
      return wait;
    });
    expect(waits).toEqual([100, 200, 350, 350]);
    pauses.succeeded(p0);
    expect(pauses.backOff(p0)).toBe(100);
    expect(pauses.isPaused(p1)).toBe(false);
  });

  test('a partition is fetched only when there is no reason to pause it', () => {
    const pauses = joinedPauses();
    pauses.request([p0]);
    const wait = pauses.backOff(p0);
    vi.advanceTimersByTime(wait);
    expect(notFetched.has(0)).toBe(true);
    pauses.backOff(p0);
    pauses.release([p0]);
    expect([pauses.isPaused(p0), notFetched.has(0)]).toEqual([true, true]);
    vi.advanceTimersByTime(1_000);
    expect([pauses.isPaused(p0), notFetched.has(0)]).toEqual([false, false]);
  });

  test('a join ends back-offs and applies requested pauses, also those from before the first join', () => {
    const pauses = createPartitionPauses({ initialMs: 100, maxMs: 350 });
    pauses.request([p1]);
    pauses.joined(consumer);
    expect([...notFetched]).toEqual([1]);
    pauses.backOff(p0);
    notFetched.clear();
    pauses.joined(consumer);
    expect([...notFetched]).toEqual([1]);
    expect(pauses.isPaused(p0)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('after the member has left nothing is paused or resumed, and no timer is left', () => {
    const pauses = joinedPauses();
    pauses.backOff(p0);
    pauses.left();
    notFetched.clear();
    pauses.request([p1]);
    vi.advanceTimersByTime(1_000);
    expect([notFetched.size, vi.getTimerCount()]).toEqual([0, 0]);
    expect(pauses.isPaused(p1)).toBe(true);
  });
});
