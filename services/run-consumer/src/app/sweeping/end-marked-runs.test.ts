import { OverrunError, Wakeup } from '@runlane/service-kit';
import { eventually } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { endMarkedUntil } from './end-marked-runs.ts';
import type { MarkedRuns, Slice } from './end-marked-runs.ts';
import type { CancelledRuns } from '../ports.ts';
import { recordingHints, recordingLog } from '../recording-ports.fixture.ts';

const LONG_MS = 3_600_000;

/** Threads with so many marked runs; `answer` may keep a slice from being ended, or throw. */
class MarkedLanes implements MarkedRuns {
  readonly left: Map<string, number>;
  readonly slices: string[] = [];
  readonly #answer: (threadId: string, limit: number) => null | undefined;

  constructor(left: Record<string, number>, answer: (threadId: string, limit: number) => null | undefined) {
    this.left = new Map(Object.entries(left));
    this.#answer = answer;
  }

  threadsAfter(threadId: string, limit: number): Promise<{ threadId: string; runCount: number }[]> {
    const threads = [...this.left.keys()].filter((id) => id > threadId).toSorted();
    return Promise.resolve(threads.slice(0, limit).map((id) => ({ threadId: id, runCount: this.left.get(id) ?? 0 })));
  }

  async endSlice(threadId: string, limit: number): Promise<Slice | null> {
    this.slices.push(`${threadId} ${limit}`);
    if (this.#answer(threadId, limit) === null) return null;
    const count = this.left.get(threadId) ?? 0;
    const endedCount = Math.min(count, limit);
    if (count < limit) this.left.delete(threadId);
    else this.left.set(threadId, count - endedCount);
    return {
      cancelled: [{ action: 'interrupt', reason: 'cancelled', endedCount, askedCount: 0 }],
      readyCount: 0,
      hasMore: true,
    };
  }
}

function ending(marked: MarkedRuns, everyMs = LONG_MS, monotonicMs = () => performance.now()) {
  const stop = new AbortController();
  const lanesMarked = new Wakeup();
  const ended: CancelledRuns[] = [];
  const left: number[] = [];
  const hints = recordingHints();
  const { logger, messages } = recordingLog();
  const done = endMarkedUntil(stop.signal, {
    marked,
    hints,
    lanesMarked,
    everyMs,
    sliceSize: 4,
    monotonicMs,
    onEnded: (cancelled) => ended.push(...cancelled),
    onLeft: (count) => left.push(count),
    logger,
  });
  const stopped = async () => {
    stop.abort();
    await done;
  };
  return { lanesMarked, ended, left, hints, messages, stopped };
}

test('threads take turns slice by slice, until nothing is left; a hint begins the next round', async () => {
  const marked = new MarkedLanes({ a: 9, b: 3 }, () => undefined);
  const sweep = ending(marked);
  await eventually(() => sweep.left.at(-1) === 0, { what: 'all have ended' });
  expect(marked.slices).toEqual(['a 4', 'b 4', 'a 4', 'a 4']);
  expect(sweep.left).toEqual([12, 5, 1, 0]);
  expect(sweep.ended.reduce((sum, { endedCount }) => sum + endedCount, 0)).toBe(12);
  expect(new Set(sweep.hints.given)).toEqual(new Set(['events_stored']));
  marked.left.set('c', 1);
  sweep.lanesMarked.notify();
  await eventually(() => !marked.left.has('c'), { what: 'the next one has ended' });
  await sweep.stopped();
});

test('a slice is halved until it is not too heavy, and keeps no other thread from its turn', async () => {
  const marked = new MarkedLanes({ a: 2, b: 1 }, (threadId, limit) => {
    if (threadId === 'a' && limit > 1) throw new OverrunError('too long');
    return undefined;
  });
  const sweep = ending(marked, 1);
  await eventually(() => marked.left.size === 0, { what: 'all have ended' });
  expect(marked.slices.slice(0, 2)).toEqual(['a 4', 'b 4']);
  expect(marked.slices.filter((slice) => slice.startsWith('a')).slice(0, 3)).toEqual(['a 4', 'a 2', 'a 1']);
  expect(sweep.messages()).toContain('lane_ends.slice_failed');
  await sweep.stopped();
});

test('threads that fail or are locked keep no other from its turn', async () => {
  const marked = new MarkedLanes({ a: 1, b: 1, c: 1 }, (threadId) => {
    if (threadId === 'a') throw new Error('broken');
    return threadId === 'b' ? null : undefined;
  });
  const sweep = ending(marked);
  await eventually(() => !marked.left.has('c'), { what: 'the third has ended' });
  expect([...marked.left.keys()]).toEqual(['a', 'b']);
  await sweep.stopped();
});

test('a thread that keeps failing waits longer each time, and the slices of another follow immediately', async () => {
  let nowMs = 0;
  const marked = new MarkedLanes({ a: 1, b: 4_000 }, (threadId) => {
    nowMs += 1;
    if (threadId === 'a') throw new Error('broken');
    return undefined;
  });
  const sweep = ending(marked, 100, () => nowMs);
  await eventually(() => !marked.left.has('b'), { what: 'the other has ended' });
  const turns = marked.slices.flatMap((slice, index) => (slice === 'a 4' ? [index] : []));
  // After 100 slices, then 200, 400 and so on: one slice is a millisecond here.
  expect(turns).toEqual([0, 101, 302, 703]);
  await sweep.stopped();
});
