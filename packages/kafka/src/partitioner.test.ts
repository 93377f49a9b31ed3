import kafkajs from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { partitionForKey } from './partitioner.ts';

// The hashes of org.apache.kafka.common.utils.UtilsTest#testMurmur2, as signed 32-bit numbers.
const JAVA_HASHES: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

describe('partitionForKey', () => {
  test.each(JAVA_HASHES)('of %s follows Java', (key, hash) => {
    for (const count of [1, 2, 3, 24, 2 ** 31 - 1]) {
      expect(partitionForKey(key, count)).toBe((hash & 0x7fffffff) % count);
    }
  });

  test('agrees with the partitioner that the producer uses, for keys of every length and byte', () => {
    const partition = kafkajs.Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 24 }, (_, partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 1,
      replicas: [1],
      isr: [1],
    }));
    for (let length = 0; length < 70; length += 1) {
      const key = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length * 101 + 128) % 256));
      const expected = partition({ topic: 'any', partitionMetadata, message: { key, value: null } });
      expect(partitionForKey(key, 24)).toBe(expected);
    }
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %d partitions', (count) => {
    expect(() => partitionForKey('key', count)).toThrow(RangeError);
  });
});
