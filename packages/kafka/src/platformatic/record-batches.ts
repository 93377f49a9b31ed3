import { crc32c } from '@platformatic/kafka';
import { codecs } from '../codecs/codecs.ts';
import { describeError } from '../connecting/error-kinds.ts';
import type { InRecord, TopicPartition } from '../port.ts';

/** Bytes before the part that the length of a batch counts: the first offset and the length itself. */
const PREFIX_BYTES = 12;
/** Where the parts of a batch lie, in bytes from its beginning; all of it in Kafka's message format 2. */
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;

const MAGIC = 2;
const CODEC_BITS = 0b111;
/** The broker's clock gave the whole batch one time, that of its last record. */
const LOG_APPEND_TIME = 1 << 3;
const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;
/** The key of a control record: a version and a type, of which this one ends a transaction without its records. */
const ABORT = 0;

/** What the broker says of transactions that were aborted: from `firstOffset` on the producer's records do not count. */
export type Aborted = { producerId: bigint; firstOffset: bigint };

/** `nextOffset` is where to read on: behind everything that was looked at, be it a record or not. */
export type Decoded = { records: InRecord[]; nextOffset: bigint };

/**
 * Reads what a fetch from `fromOffset` on has brought of a partition: whole record batches, of which the first may begin before
 * that offset and the last may be cut off. Marks of transactions and aborted records are left out. A batch whose bytes cannot be
 * read becomes one record that says so.
 */
export async function decodeRecordBatches(
  bytes: Buffer,
  partition: TopicPartition,
  { fromOffset, aborted }: { fromOffset: bigint; aborted: readonly Aborted[] },
): Promise<Decoded> {
  const records: InRecord[] = [];
  const waiting = aborted.toSorted((one, other) => Number(one.firstOffset - other.firstOffset));
  const ended = new Set<bigint>();
  let nextOffset = fromOffset;
  for (const batch of wholeBatches(bytes)) {
    const lastOffset = lastOffsetOf(batch);
    if (lastOffset < fromOffset) continue;
    while (waiting[0] !== undefined && waiting[0].firstOffset <= lastOffset) {
      ended.add(waiting[0].producerId);
      waiting.shift();
    }
    nextOffset = lastOffset + 1n;
    try {
      const attributes = attributesOf(batch);
      const producerId = batch.readBigInt64BE(PRODUCER_ID_AT);
      const isAborted = (attributes & IS_TRANSACTIONAL) !== 0 && ended.has(producerId);
      if ((attributes & IS_CONTROL) !== 0) {
        if (isAborted && isAbortMark(batch)) ended.delete(producerId);
      } else if (!isAborted) {
        const all = await recordsOf(batch, attributes, partition);
        for (const record of all) if (record.offset >= fromOffset) records.push(record);
      }
    } catch (error) {
      records.push(unreadable(batch, partition, lastOffset, error));
    }
  }
  return { records, nextOffset };
}

function* wholeBatches(bytes: Buffer): Generator<Buffer> {
  let at = 0;
  while (at + PREFIX_BYTES <= bytes.length) {
    const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8);
    if (end > bytes.length || end <= at + PREFIX_BYTES) return;
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Of the old formats the offset that stands first is the last of the batch. */
function lastOffsetOf(batch: Buffer): bigint {
  const firstOffset = batch.readBigInt64BE(0);
  if (batch.length < RECORDS_AT || batch.readInt8(MAGIC_AT) !== MAGIC) return firstOffset;
  return firstOffset + BigInt(batch.readInt32BE(LAST_OFFSET_DELTA_AT));
}

/** Thrown when the batch is in another format than 2, or its bytes have changed: RangeError. */
function attributesOf(batch: Buffer): number {
  const magic = batch.length > MAGIC_AT ? batch.readInt8(MAGIC_AT) : null;
  if (magic !== MAGIC || batch.length < RECORDS_AT)
    throw new RangeError(`the batch is in message format ${magic}, not 2`);
  if (crc32c(batch.subarray(ATTRIBUTES_AT)) !== batch.readUInt32BE(CRC_AT)) {
    throw new RangeError('the checksum of the batch does not match its bytes');
  }
  return batch.readInt16BE(ATTRIBUTES_AT);
}

function isAbortMark(batch: Buffer): boolean {
  const reader = new VarintReader(batch, RECORDS_AT);
  reader.skipRecordHead();
  const key = reader.bytes();
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT;
}

async function recordsOf(batch: Buffer, attributes: number, partition: TopicPartition): Promise<InRecord[]> {
  const firstOffset = batch.readBigInt64BE(0);
  const isBrokersTime = (attributes & LOG_APPEND_TIME) !== 0;
  const baseTimestamp = Number(batch.readBigInt64BE(isBrokersTime ? MAX_TIMESTAMP_AT : FIRST_TIMESTAMP_AT));
  const count = batch.readInt32BE(COUNT_AT);
  const reader = new VarintReader(await unpacked(batch.subarray(RECORDS_AT), attributes & CODEC_BITS), 0);
  const records: InRecord[] = [];
  for (let index = 0; index < count; index += 1) {
    const { timestampDelta, offsetDelta } = reader.skipRecordHead();
    const key = reader.bytes();
    const value = reader.bytes();
    records.push({
      ...partition,
      offset: firstOffset + BigInt(offsetDelta),
      timestampMs: isBrokersTime ? baseTimestamp : baseTimestamp + timestampDelta,
      key,
      value,
      headers: readHeaders(reader),
    });
  }
  return records;
}

async function unpacked(bytes: Buffer, type: number): Promise<Buffer> {
  if (type === 0) return bytes;
  const codec = codecs.get(type);
  if (codec === undefined) throw new RangeError(`the batch is packed with the codec ${type}, which is not known here`);
  return codec.decompress(bytes);
}

function readHeaders(reader: VarintReader): Map<string, Buffer[]> {
  const headers = new Map<string, Buffer[]>();
  const count = reader.varint();
  for (let index = 0; index < count; index += 1) {
    const name = (reader.bytes() ?? Buffer.alloc(0)).toString();
    const value = reader.bytes() ?? Buffer.alloc(0);
    const known = headers.get(name);
    if (known === undefined) headers.set(name, [value]);
    else known.push(value);
  }
  return headers;
}

function unreadable(batch: Buffer, partition: TopicPartition, lastOffset: bigint, error: unknown): InRecord {
  return {
    ...partition,
    offset: lastOffset,
    timestampMs: batch.length >= RECORDS_AT ? Number(batch.readBigInt64BE(MAX_TIMESTAMP_AT)) : 0,
    key: null,
    value: null,
    headers: new Map(),
    unreadable: { firstOffset: batch.readBigInt64BE(0), reason: describeError(error) },
  };
}

/** Reads the numbers of Kafka's records, which take as many bytes as they need. */
class VarintReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Up to 2^53: more than any time between two records, in milliseconds. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('the batch ends within a record');
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Null for a length of -1. */
  bytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the batch ends within a record');
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  skipRecordHead(): { timestampDelta: number; offsetDelta: number } {
    this.varint(); // Length of the record.
    this.#at += 1; // Attributes, which have no meaning yet.
    return { timestampDelta: this.varint(), offsetDelta: this.varint() };
  }
}
