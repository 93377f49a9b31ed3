import { describe, expect, test } from 'vitest';
import type { OutRecord } from '../port.ts';
import { CHUNK_BYTES, chunkRecords, recordBytes } from './chunk-records.ts';

function record(bytes: number, key = 'k'): OutRecord {
  return { topic: 't', key, value: Buffer.alloc(bytes), headers: {} };
}

describe('chunkRecords', () => {
  test.each([
    ['nothing', [], []],
    ['small records', [10, 10, 10], [3]],
    ['one record above the limit', [2 * CHUNK_BYTES], [1]],
    ['a large record between small ones', [10, 2 * CHUNK_BYTES, 10, 10], [1, 1, 2]],
    ['records that just do not fit together', [CHUNK_BYTES / 2, CHUNK_BYTES / 2], [1, 1]],
  ])('cuts %s', (_, sizes: number[], expected: number[]) => {
    const records = sizes.map((size) => record(size));
    const chunks = chunkRecords(records);
    expect(chunks.map((chunk) => chunk.length)).toEqual(expected);
    expect(chunks.flat()).toEqual(records);
  });

  test('counts keys, values and every value of a header', () => {
    const bare = recordBytes({ topic: 't', key: null, value: null, headers: {} });
    const headers = { h: ['ab', 'cd'].map((text) => Buffer.from(text)), ü: 'ü' };
    expect(recordBytes({ topic: 't', key: 'ü', value: Buffer.alloc(5), headers })).toBeGreaterThanOrEqual(bare + 17);
  });
});
