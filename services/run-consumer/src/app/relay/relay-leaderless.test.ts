/** Partitions without a leader. Real: the relay loop. Doubled: outbox, publisher and clock. Decides: what was published and marked. */
import { RecordTooLarge } from '@runlane/kafka';
import type { OutRecord } from '@runlane/kafka';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRelay } from './relay-events.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('events of a partition without a leader wait, with later events of their threads, and all others are published', async () => {
  let hasLeader = false;
  const relay = startRelay({
    waiting: [1, 2, 3],
    threadOf: (id) => (id === 2 ? 'other' : 'leaderless'),
    publish: async (records, options) => {
      if (!hasLeader) for (const record of records) if (record.key !== '2') options?.onLeaderless?.(record);
    },
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(relay.work()).toEqual(['publish 1,2,3', 'mark 2']);
  relay.waiting.push(4);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(relay.waiting).toEqual([1, 3, 4]);
  hasLeader = true;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(relay.work().at(-1)).toBe('mark 1,3,4');
  relay.stop.abort();
});

test('no event passes an earlier one without a leader when another event of the batch is too large', async () => {
  const published: (readonly OutRecord[])[] = [];
  const relay = startRelay({
    waiting: [1, 2, 3],
    threadOf: (id) => (id === 2 ? 'large' : 'leaderless'),
    publish: async (records, options) => {
      published.push(records);
      const first = records.find(({ key }) => key === '1');
      if (first !== undefined) options?.onLeaderless?.(first);
      const large = records.find(({ key }) => key === '2');
      if (large !== undefined) throw new RecordTooLarge('too large', { record: large });
    },
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(published.flat().filter(({ key }) => key === '3')).toHaveLength(1);
  expect(relay.waiting).toEqual([1, 2, 3]);
  relay.stop.abort();
});
