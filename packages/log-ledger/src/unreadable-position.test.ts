import type { InRecord } from '@runlane/kafka';
import { expect, test } from 'vitest';
import { unseenRecords } from './unseen-records.ts';

const record = (offset: bigint, fields: Partial<InRecord> = {}): { record: InRecord } => ({
  record: {
    topic: 't',
    partition: 0,
    offset,
    timestampMs: 1_000,
    key: null,
    value: null,
    headers: new Map(),
    ...fields,
  },
});
const unreadable = { firstOffset: 3n, reason: 'corrupt' };
const owner = { services: 'services', table: 'positions' };
const endOffset = () => Promise.resolve(10n);

test('a batch that was readable earlier is no sign of another topic', async () => {
  const batch = {
    readings: [record(5n, { timestampMs: 2_000, unreadable }), record(6n)],
    highWatermark: 10n,
    lowWatermark: 0n,
  };
  const fresh = await unseenRecords(batch, { offset: 5n, timestampMs: 1_000 }, endOffset, owner);
  expect(fresh.map((reading) => reading.record.offset)).toEqual([6n]);
});

test('an unreadable batch of which the first records were read earlier is one dead letter at its end', async () => {
  const batch = { readings: [record(5n, { unreadable })], highWatermark: 10n, lowWatermark: 0n };
  const fresh = await unseenRecords(batch, { offset: 3n, timestampMs: 1_000 }, endOffset, owner);
  expect(fresh.map((reading) => reading.record.offset)).toEqual([5n]);
});

test('a readable record with another time than the position is still a sign of another topic', async () => {
  const batch = { readings: [record(5n, { timestampMs: 2_000 })], highWatermark: 10n, lowWatermark: 0n };
  await expect(unseenRecords(batch, { offset: 5n, timestampMs: 1_000 }, endOffset, owner)).rejects.toThrow(
    /created again/,
  );
});
