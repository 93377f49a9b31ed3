import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerCodecs } from './codecs.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

type Codec = { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> };

describe.each(['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const)('the codec %s', (type) => {
  let codec: Codec;
  beforeAll(() => {
    registerCodecs();
    codec = CompressionCodecs[CompressionTypes[type]]();
  });

  test('gives back what was packed', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(3_000_000, 'pattern')]) {
      const packed = await codec.compress({ buffer: bytes });
      expect((await codec.decompress(packed)).equals(bytes)).toBe(true);
    }
  });

  test('refuses bytes that are cut off or in another format', async () => {
    const packed = await codec.compress({ buffer: Buffer.from('text '.repeat(1_000)) });
    const foreign = [
      packed.subarray(0, packed.length - 5),
      Buffer.from('neither magic nor length: \u{ff}'),
      Buffer.alloc(0),
    ];
    for (const bytes of foreign) await expect(codec.decompress(bytes)).rejects.toBeInstanceOf(Error);
  });

  test('refuses a batch that unpacks to more than memory should hold', async () => {
    const bomb = await codec.compress({ buffer: Buffer.alloc(80 * 1024 * 1024) });
    expect(bomb.length).toBeLessThan(8 * 1024 * 1024);
    await expect(codec.decompress(bomb)).rejects.toThrow(RangeError);
  });
});

test('a stream of snappy-java that ends inside a block, or has none, is refused', async () => {
  registerCodecs();
  const codec: Codec = CompressionCodecs[CompressionTypes.Snappy]();
  const block = await codec.compress({ buffer: Buffer.from('text') });
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(block.length);
  const stream = Buffer.concat([header, length, block, length, block]);
  expect((await codec.decompress(stream)).toString()).toBe('texttext');
  await expect(codec.decompress(stream.subarray(0, stream.length - 1))).rejects.toThrow(/cut off/);
  length.writeInt32BE(-1);
  await expect(codec.decompress(Buffer.concat([header, length, block]))).rejects.toThrow(/cut off/);
});
