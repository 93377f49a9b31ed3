import { uncompress } from 'snappy';

/** How snappy-java, and so every Java producer, begins a stream: a magic, a version and the oldest compatible one. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Unpacks a snappy batch in either of its forms: one raw block (librdkafka, kafkajs) or snappy-java's stream of blocks,
 * each behind its length.
 *
 * Thrown: RangeError for a stream that ends within a block or unpacks to more than `maxBytes`.
 */
export async function decompressSnappyBatch(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const blocks = bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC) ? xerialBlocks(bytes) : [bytes];
  const unpackedBytes = blocks.reduce((sum, block) => sum + unpackedLength(block), 0);
  if (unpackedBytes > maxBytes) {
    throw new RangeError(`the snappy batch unpacks to ${unpackedBytes} bytes; at most ${maxBytes} are accepted`);
  }
  const unpacked: Buffer[] = [];
  for (const block of blocks) unpacked.push(Buffer.from(await uncompress(block, { asBuffer: true })));
  return Buffer.concat(unpacked);
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let offset = XERIAL_HEADER_BYTES;
  while (offset < bytes.length) {
    const start = offset + 4;
    const end = start <= bytes.length ? start + bytes.readInt32BE(offset) : start;
    if (end <= start || end > bytes.length) throw new RangeError(`the snappy stream is cut off at byte ${offset}`);
    blocks.push(bytes.subarray(start, end));
    offset = end;
  }
  return blocks;
}

/** Every block begins with its unpacked length, as a little-endian varint of at most 32 bits. */
function unpackedLength(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new RangeError('the snappy block does not begin with its length');
}
