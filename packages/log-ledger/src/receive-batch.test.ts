import { RetriableError } from '@runlane/kafka';
import type { InRecord } from '@runlane/kafka';
import { createLogger } from '@runlane/service-kit';
import { expect, test } from 'vitest';
import { receiveBatch } from './receive-batch.ts';
import { Stoppages } from './stoppages.ts';

type Reading = { record: InRecord; isDeadLetter: boolean };

function recordAt(offset: bigint): InRecord {
  return { topic: 't', partition: 0, offset, timestampMs: 0, key: null, value: null, headers: new Map() };
}

test('a fault of ours that fails every record makes one dead letter at most, however long it lasts', async () => {
  let nowMs = 0;
  const stoppages = new Stoppages(() => nowMs);
  const deadLetters: bigint[] = [];
  const deliver = (): Promise<void> =>
    receiveBatch<Reading>(
      { records: [1n, 2n, 3n, 4n].filter((offset) => !deadLetters.includes(offset)).map(recordAt), highWatermark: 5n },
      {
        read: (record) => Promise.resolve({ record, isDeadLetter: false }),
        take: ({ readings }) => {
          const [first] = readings;
          if (first === undefined || !first.isDeadLetter) return Promise.reject(new TypeError('x is not a function'));
          deadLetters.push(first.record.offset);
          return Promise.resolve();
        },
        giveUp: ({ record }) => ({ record, isDeadLetter: true }),
        stoppages,
        name: 'test',
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    );
  for (let delivery = 0; delivery < 10; delivery += 1) {
    await expect(deliver()).rejects.toBeInstanceOf(RetriableError);
    nowMs += 61_000;
  }
  expect(deadLetters).toEqual([1n]);
  expect(stoppages.problems).toHaveLength(1);
});
