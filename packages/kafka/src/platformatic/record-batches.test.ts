import { createRecordsBatch } from '@platformatic/kafka';
import { describe, expect, test } from 'vitest';
import { decodeRecordBatches, type Aborted } from './record-batches.ts';

const place = { topic: 't', partition: 3 };

/** A batch as the library writes it, moved to where the broker would have put it. */
function batch(
  firstOffset: number,
  values: string[],
  options: { compression?: 'gzip'; producerId?: bigint; transactionalId?: string } = {},
): Buffer {
  const messages = values.map((value) => ({ topic: 't', partition: 3, value: Buffer.from(value), timestamp: 1_000n }));
  const bytes = Buffer.from(createRecordsBatch(messages, options).buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
}

async function read(bytes: Buffer, fromOffset = 0n, aborted: Aborted[] = []) {
  const { records, nextOffset } = await decodeRecordBatches(bytes, place, { fromOffset, aborted });
  return {
    seen: records.map(({ offset, value, unreadable }) => [offset, value?.toString() ?? unreadable?.reason]),
    nextOffset,
  };
}

describe('what a fetch brings of a partition', () => {
  test('is read from the offset that was asked for, packed or not', async () => {
    const bytes = Buffer.concat([batch(4, ['a', 'b']), batch(6, ['c', 'd'], { compression: 'gzip' })]);
    expect(await read(bytes, 5n)).toEqual({
      seen: [
        [5n, 'b'],
        [6n, 'c'],
        [7n, 'd'],
      ],
      nextOffset: 8n,
    });
  });

  test('ends where a batch is cut off, and moves nowhere without a whole one', async () => {
    const whole = batch(0, ['a']);
    const cut = batch(1, ['b']).subarray(0, -1);
    expect(await read(Buffer.concat([whole, cut]))).toEqual({ seen: [[0n, 'a']], nextOffset: 1n });
    expect(await read(cut, 1n)).toEqual({ seen: [], nextOffset: 1n });
  });

  test.each([
    [
      'changed bytes',
      (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(bytes.length - 2) ^ 1, bytes.length - 2),
      /checksum/,
    ],
    ['an older format', (bytes: Buffer) => bytes.writeInt8(1, 16), /message format 1/],
  ])('has one record in place of a batch with %s, and goes on', async (_, spoil, reason) => {
    const spoilt = batch(0, ['a', 'b']);
    spoil(spoilt);
    const { seen, nextOffset } = await read(Buffer.concat([spoilt, batch(2, ['c'])]));
    expect(seen).toEqual([
      [expect.any(BigInt), expect.stringMatching(reason)],
      [2n, 'c'],
    ]);
    expect(nextOffset).toBe(3n);
  });

  test('leaves out the records of a producer whose transaction was aborted, and those of no other', async () => {
    const bytes = Buffer.concat([
      batch(0, ['kept'], { producerId: 7n, transactionalId: 'x' }),
      batch(1, ['aborted'], { producerId: 8n, transactionalId: 'y' }),
      batch(2, ['plain']),
    ]);
    expect(await read(bytes, 0n, [{ producerId: 8n, firstOffset: 1n }])).toEqual({
      seen: [
        [0n, 'kept'],
        [2n, 'plain'],
      ],
      nextOffset: 3n,
    });
  });
});
