import { silentLogger } from '@runlane/service-kit/testing';
import type { InRecord } from '@runlane/kafka';
import { OverrunError, RetryableError } from '@runlane/service-kit';
import { expect, test } from 'vitest';
import { receiveBatch } from './receive-batch.ts';
import { Stoppages } from './stoppages.ts';

type Reading = { record: InRecord; isDeadLetter: boolean };

function recordAt(offset: bigint): InRecord {
  return { topic: 't', partition: 0, offset, timestampMs: 0, key: null, value: null, headers: new Map() };
}

test('a fault of ours that fails every record makes at most one dead letter, however long it lasts', async () => {
  let nowMs = 0;
  const stoppages = new Stoppages(() => nowMs);
  const deadLetters: bigint[] = [];
  const deliver = (): Promise<void> =>
    receiveBatch<Reading>(
      {
        records: [1n, 2n, 3n, 4n].filter((offset) => !deadLetters.includes(offset)).map(recordAt),
        highWatermark: 5n,
        lowWatermark: 0n,
      },
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
        logger: silentLogger,
      },
    );
  for (let delivery = 0; delivery < 10; delivery += 1) {
    await expect(deliver()).rejects.toBeInstanceOf(RetryableError);
    nowMs += 61_000;
  }
  expect(deadLetters).toEqual([1n]);
  expect(stoppages.problems).toHaveLength(1);
});

test('a batch that overruns is halved: all records before the heavy one go in, and that one waits alone, longer each time', async () => {
  let nowMs = 0;
  let isHeavy = true;
  const stoppages = new Stoppages(
    () => nowMs,
    () => 1,
  );
  const takes: bigint[][] = [];
  let committed = 0n;
  const deliver = (): Promise<void> =>
    receiveBatch<Reading>(
      {
        records: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n].filter((offset) => offset > committed).map(recordAt),
        highWatermark: 9n,
        lowWatermark: 0n,
      },
      {
        read: (record) => Promise.resolve({ record, isDeadLetter: false }),
        take: ({ readings }) => {
          const offsets = readings.map(({ record }) => record.offset);
          takes.push(offsets);
          if (isHeavy && offsets.includes(6n)) return Promise.reject(new OverrunError('took too long'));
          return Promise.resolve();
        },
        giveUp: () => {
          throw new Error('nobody is to blame');
        },
        stoppages,
        name: 'test',
        logger: silentLogger,
      },
    );
  const deliverAgain = async () => {
    takes.length = 0;
    await deliver();
  };

  await expect(deliver()).rejects.toBeInstanceOf(OverrunError);
  expect(takes).toEqual([[1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n], [1n, 2n, 3n, 4n], [5n, 6n, 7n, 8n], [5n, 6n], [5n], [6n]]);
  expect(stoppages.problems).toEqual(['t/0 has stopped: took too long']);

  // The position of the ledger is ahead of the offset of the group, or not.
  await expect(deliverAgain()).rejects.toThrow('tried in 1000 ms');
  expect(takes).toEqual([[1n, 2n, 3n, 4n, 5n]]);
  committed = 5n;
  nowMs = 1_000;
  await expect(deliverAgain()).rejects.toBeInstanceOf(OverrunError);
  expect(takes).toEqual([[6n]]);
  nowMs = 2_999;
  await expect(deliverAgain()).rejects.toThrow('tried in 1 ms');

  isHeavy = false;
  nowMs = 3_000;
  await deliverAgain();
  expect(takes).toEqual([[6n], [7n, 8n]]);
  expect(stoppages.problems).toEqual([]);
});

test('a fetch is decoded and taken in piece by piece, in order', async () => {
  const taken: string[] = [];
  let held = 0;
  const large = Buffer.alloc(3 * 1024 * 1024);
  const sizes = [
    large,
    large,
    large,
    Buffer.alloc(9 * 1024 * 1024),
    large,
    ...Array.from({ length: 2_500 }, () => null),
  ];
  await receiveBatch<Reading>(
    {
      records: sizes.map((value, index) => ({ ...recordAt(BigInt(index)), value })),
      highWatermark: BigInt(sizes.length),
      lowWatermark: 0n,
    },
    {
      read: (record) => {
        held += record.value?.length ?? 0;
        return Promise.resolve({ record, isDeadLetter: false });
      },
      take: ({ readings }) => {
        taken.push(`${readings[0]?.record.offset} to ${readings.at(-1)?.record.offset}: ${held} bytes`);
        held = 0;
        return Promise.resolve();
      },
      taken: ({ offset }) => taken.push(`through ${offset}`),
      giveUp: ({ record }) => ({ record, isDeadLetter: true }),
      stoppages: new Stoppages(() => 0),
      name: 'test',
      logger: silentLogger,
    },
  );
  expect(taken).toEqual([
    `0 to 1: ${2 * large.length} bytes`,
    'through 1',
    `2 to 2: ${large.length} bytes`,
    'through 2',
    `3 to 3: ${3 * large.length} bytes`,
    'through 3',
    `4 to 2003: ${large.length} bytes`,
    'through 2003',
    '2004 to 2504: 0 bytes',
    'through 2504',
  ]);
});
