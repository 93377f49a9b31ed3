import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HeapWatch } from './heap-watch.ts';

const MIB = 2 ** 20;

/** A watch of a thread with a limit of 100 MiB and 200 MiB of room, and what it did. */
function watchOf({ isBusy = true } = {}) {
  const thread = { isBusy, usedMb: 50 as number | null };
  const did: string[] = [];
  const measured: number[] = [];
  const watch = new HeapWatch(100, 200, {
    isBusy: () => thread.isBusy,
    readUsed: () => Promise.resolve(thread.usedMb === null ? null : thread.usedMb * MIB),
    onMeasured: (part) => measured.push(part),
    collect: () => did.push('collect'),
    onFull: (verdict) => did.push(verdict),
  });
  return { thread, did, watch, measured };
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('a thread is full when it keeps more than its limit after a collection, and is reported once', async () => {
  const { thread, did, watch, measured } = watchOf();
  await pass(1_000);
  expect(did).toEqual([]);
  expect(new Set(measured)).toEqual(new Set([0.5]));
  thread.usedMb = 150;
  await pass(1_000);
  expect(did).toEqual(['collect']);
  watch.collected(150 * MIB);
  await pass(60_000);
  expect(did).toEqual(['collect', 'over']);
  watch.stop();
});

test('collecting garbage takes no more than a part of the time', async () => {
  const { thread, did, watch } = watchOf();
  thread.usedMb = 150;
  await pass(100);
  await pass(1_000);
  watch.collected(50 * MIB);
  await pass(9_000);
  expect(did).toEqual(['collect']);
  await pass(1_100);
  expect(did).toEqual(['collect', 'collect']);
  watch.stop();
});

test('with half of the memory used nobody waits, not even for an answer', async () => {
  const { thread, did, watch } = watchOf();
  thread.usedMb = 150;
  await pass(100);
  thread.usedMb = 201;
  await pass(10_000);
  expect(did).toEqual(['collect', 'far']);
  watch.stop();
});

test('a thread in which nothing executes, or nothing yet, is not asked', async () => {
  const { thread, did, watch, measured } = watchOf({ isBusy: false });
  thread.usedMb = 500;
  await pass(1_000);
  thread.isBusy = true;
  watch.resume();
  thread.usedMb = null;
  await pass(1_000);
  expect([did, measured]).toEqual([[], []]);
  thread.usedMb = 500;
  await pass(200);
  expect(did).toEqual(['far']);
  watch.stop();
});

test('while nothing executes no timer runs, and what begins is measured', async () => {
  const { thread, measured, watch } = watchOf({ isBusy: false });
  await pass(100);
  expect(vi.getTimerCount()).toBe(0);
  thread.isBusy = true;
  watch.resume();
  watch.resume();
  await pass(1_000);
  expect(measured).toHaveLength(10);
  watch.stop();
  watch.resume();
  expect(vi.getTimerCount()).toBe(0);
});
