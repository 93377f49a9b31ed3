import { promisify } from 'node:util';
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

const compress = promisify(zlib.zstdCompress);
const decompress = promisify(zlib.zstdDecompress);

/**
 * Teaches kafkajs zstd, which Node has built in, beside its own gzip. The codecs are the module's, so once is enough.
 * A batch in another codec (snappy, lz4) ends a consumer; the topic setting `compression.type=uncompressed` has the
 * broker unpack whatever producers send.
 */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: (bytes: Buffer) => decompress(bytes),
  });
}
