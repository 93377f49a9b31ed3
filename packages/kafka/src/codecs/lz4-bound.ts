const MAGIC = 0x184d2204;
const BLOCK_CHECKSUMS = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY_ID = 0x01;
const IS_STORED = 0x80000000;

/**
 * Sums up what the blocks of an LZ4 frame may unpack to at most, from their number and their common limit: the frame
 * need not tell, and its decoder takes no limit.
 *
 * Thrown: RangeError when the bytes are no whole frame, or when that is more than `maxBytes`.
 */
export function assertLz4Bounded(bytes: Buffer, maxBytes: number): void {
  if (bytes.length < 11 || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('the batch is no LZ4 frame');
  const flags = bytes.readUInt8(4);
  const maxBlockBytes = 2 ** (8 + 2 * ((bytes.readUInt8(5) >> 4) & 0x7));
  const checksumBytes = (flags & BLOCK_CHECKSUMS) === 0 ? 0 : 4;
  let offset = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & DICTIONARY_ID) === 0 ? 0 : 4);
  let unpackedBytes = 0;
  for (;;) {
    if (offset + 4 > bytes.length) throw new RangeError('the LZ4 frame is cut off');
    const size = bytes.readUInt32LE(offset);
    offset += 4;
    if (size === 0) break;
    const storedBytes = size % IS_STORED;
    // A block of n bytes unpacks to at most 255 n, and never to more than the limit of the frame.
    unpackedBytes += size >= IS_STORED ? storedBytes : Math.min(maxBlockBytes, storedBytes * 255);
    if (unpackedBytes > maxBytes) {
      throw new RangeError(`the LZ4 batch may unpack to more than the ${maxBytes} bytes that are accepted`);
    }
    offset += storedBytes + checksumBytes;
  }
  if (offset + ((flags & CONTENT_CHECKSUM) === 0 ? 0 : 4) > bytes.length) {
    throw new RangeError('the LZ4 frame is cut off');
  }
}
