import kafkajs from 'kafkajs';
import { codecs } from '../codecs/codecs.ts';

const { CompressionCodecs } = kafkajs;

/**
 * Teaches kafkajs every codec of the protocol, so that producers may use the one they like. The table is the module's,
 * so once is enough.
 */
export function registerCodecs(): void {
  for (const [type, codec] of codecs) {
    CompressionCodecs[type as keyof typeof CompressionCodecs] = () => ({
      compress: (encoder: { buffer: Buffer }) => codec.compress(encoder.buffer),
      decompress: (bytes: Buffer) => codec.decompress(bytes),
    });
  }
}
