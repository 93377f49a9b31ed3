import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as compressSnappy } from 'snappy';
import { assertLz4Bounded } from './lz4-bound.ts';
import { decompressSnappyBatch } from './snappy-framing.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/**
 * Most bytes that one batch may unpack to. Topics take 8 MiB, and all four codecs turn a few of them into gigabytes of
 * zeros; a batch above this is unreadable, and becomes a dead letter instead of the end of the process.
 */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

const gzip = promisify(zlib.gzip);
const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const limit = { maxOutputLength: MAX_UNPACKED_BYTES };

type Codec = { compress(bytes: Buffer): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> };

const codecs: readonly (readonly [keyof typeof CompressionCodecs, Codec])[] = [
  [CompressionTypes.GZIP, { compress: (bytes) => gzip(bytes), decompress: (bytes) => gunzip(bytes, limit) }],
  [
    CompressionTypes.Snappy,
    {
      compress: (bytes) => compressSnappy(bytes),
      decompress: (bytes) => decompressSnappyBatch(bytes, MAX_UNPACKED_BYTES),
    },
  ],
  [
    CompressionTypes.LZ4,
    {
      compress: (bytes) => compressFrame(bytes),
      decompress: async (bytes) => {
        assertLz4Bounded(bytes, MAX_UNPACKED_BYTES);
        return decompressFrame(bytes);
      },
    },
  ],
  ...zstdCodec(),
];

/** Node has it from 22.15 on; the client also runs on older ones, and there a batch in it is unreadable. */
function zstdCodec(): [keyof typeof CompressionCodecs, Codec][] {
  if (typeof zlib.zstdCompress !== 'function') return [];
  const compress = promisify(zlib.zstdCompress);
  const decompress = promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress);
  return [
    [CompressionTypes.ZSTD, { compress: (bytes) => compress(bytes), decompress: (bytes) => decompress(bytes, limit) }],
  ];
}

/**
 * Teaches kafkajs every codec of the protocol, so that producers may use the one they like. The table is the module's,
 * so once is enough. All of them work outside the event loop.
 */
export function registerCodecs(): void {
  for (const [type, codec] of codecs) {
    CompressionCodecs[type] = () => ({
      compress: (encoder: { buffer: Buffer }) => codec.compress(encoder.buffer),
      decompress: (bytes: Buffer) => codec.decompress(bytes),
    });
  }
}
