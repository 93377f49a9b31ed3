import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as compressSnappy } from 'snappy';
import { assertLz4Bounded } from './lz4-bound.ts';
import { decompressSnappyBatch } from './snappy-framing.ts';

/**
 * Most bytes that one batch may unpack to. Topics take 8 MiB, and all four codecs turn a few of them into gigabytes of
 * zeros; a batch above this is unreadable, and becomes a dead letter instead of the end of the process.
 */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

const gzip = promisify(zlib.gzip);
const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const limit = { maxOutputLength: MAX_UNPACKED_BYTES };

export type Codec = { compress(bytes: Buffer): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> };

/** The codecs of the protocol by the number that a record batch names them with. All of them work outside the event loop. */
export const codecs: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  [1, { compress: (bytes) => gzip(bytes), decompress: (bytes) => gunzip(bytes, limit) }],
  [
    2,
    {
      compress: (bytes) => compressSnappy(bytes),
      decompress: (bytes) => decompressSnappyBatch(bytes, MAX_UNPACKED_BYTES),
    },
  ],
  [
    3,
    {
      compress: (bytes) => compressFrame(bytes),
      decompress: async (bytes) => {
        assertLz4Bounded(bytes, MAX_UNPACKED_BYTES);
        return decompressFrame(bytes);
      },
    },
  ],
  ...zstdCodec(),
]);

/** Node has it from 22.15 on; the client also runs on older ones, and there a batch in it is unreadable. */
function zstdCodec(): [number, Codec][] {
  if (typeof zlib.zstdCompress !== 'function') return [];
  const compress = promisify(zlib.zstdCompress);
  const decompress = promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress);
  return [[4, { compress: (bytes) => compress(bytes), decompress: (bytes) => decompress(bytes, limit) }]];
}
