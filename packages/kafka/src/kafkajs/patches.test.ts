import { createRequire } from 'node:module';
import kafkajs from 'kafkajs';
import { describe, expect, test, vi } from 'vitest';
import { registerCodecs } from './codecs.ts';

const { CompressionTypes } = kafkajs;

/** The parts of kafkajs' internals that the patch in `packages/kafka/patches` changes. */
type Internals = {
  RequestQueue: new (options: object) => {
    throttleCheckTimeoutId: unknown;
    inflight: Map<number, object>;
    checkPendingRequests(): void;
    scheduleRequestTimeoutCheck(): void;
    destroy(): void;
  };
  RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
  Record: (options: object) => unknown;
  Decoder: new (buffer: Buffer) => object;
  parseMetadata: (metadata: object) => Promise<unknown>;
  Batch: new (topic: string, fetchedOffset: string, data: object) => { lowWatermark: string };
  decodeMessages: (
    decoder: object,
  ) => Promise<{ offset: string; unreadable?: { firstOffset: string; error: Error } }[]>;
};

function internals(): Internals {
  const load = createRequire(import.meta.url);
  const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0');
  return {
    RequestQueue: load('kafkajs/src/network/requestQueue'),
    RecordBatch,
    Record: load('kafkajs/src/protocol/recordBatch/record/v0'),
    Decoder: load('kafkajs/src/protocol/decoder'),
    parseMetadata: load('kafkajs/src/protocol/requests/metadata/v0/response').parse,
    Batch: load('kafkajs/src/consumer/batch'),
    decodeMessages: load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages'),
  };
}

/** Fails when kafkajs is installed without its patch, or when the patch no longer does what it is for. */
describe('the patched kafkajs', () => {
  test('an idle connection keeps no timer running', () => {
    const { RequestQueue } = internals();
    const queue = new RequestQueue({ logger: {}, maxInFlightRequests: 1, requestTimeout: 1_000 });
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  test('a connection looks for overdue requests in proportion to their limit, and finds them soon', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      let lookCount = 0;
      const queue = new (internals().RequestQueue)({
        logger: {},
        maxInFlightRequests: 1,
        requestTimeout: 15_000,
        enforceRequestTimeout: true,
        isConnected: () => (lookCount += 1) > 0,
      });
      const timeoutRequest = vi.fn<() => void>();
      queue.inflight.set(1, { sentAt: performance.now(), requestTimeout: 15_000, timeoutRequest });
      queue.scheduleRequestTimeoutCheck();
      vi.advanceTimersByTime(15_000);
      expect(lookCount).toBe(15);
      expect(timeoutRequest).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1_000);
      expect(timeoutRequest).toHaveBeenCalledOnce();
      queue.destroy();
    } finally {
      vi.useRealTimers();
    }
  });

  test('metadata with a leaderless partition still describes the others, unless something else is wrong', async () => {
    const { parseMetadata } = internals();
    const metadata = (...codes: number[]) => ({
      topicMetadata: [
        { topicErrorCode: 0, partitionMetadata: codes.map((partitionErrorCode) => ({ partitionErrorCode })) },
      ],
    });
    expect(await parseMetadata(metadata(0, 0))).toEqual(metadata(0, 0));
    const leaderless = metadata(0, 5);
    await expect(parseMetadata(leaderless)).rejects.toMatchObject({
      type: 'LEADER_NOT_AVAILABLE',
      partialMetadata: leaderless,
    });
    await expect(parseMetadata(metadata(5, 29))).rejects.not.toHaveProperty('partialMetadata');
  });

  test('a batch has the first offset of its partition', () => {
    const { Batch } = internals();
    const data = { partition: 0, highWatermark: '9', lastStartOffset: '4', abortedTransactions: [], messages: [] };
    expect(new Batch('t', '5', data).lowWatermark).toBe('4');
  });

  test('a batch is decoded that has more records than a call may have arguments', async () => {
    const { Decoder, decodeMessages, Record, RecordBatch } = internals();
    const count = 200_000;
    const records = Array.from({ length: count }, (_, offsetDelta) => Record({ offsetDelta, key: null, value: null }));
    const { buffer } = await RecordBatch({ records, firstTimestamp: 0, maxTimestamp: 0, lastOffsetDelta: count - 1 });
    const size = Buffer.alloc(4);
    size.writeInt32BE(buffer.length);
    const decoded = await decodeMessages(new Decoder(Buffer.concat([size, buffer])));
    expect(decoded).toHaveLength(count);
    expect(decoded.at(-1)?.offset).toBe(String(count - 1));
  });

  test('when a fetch unpacks to too many bytes, the rest is left for the next fetch, whichever its partition', async () => {
    registerCodecs();
    const { Decoder, decodeMessages, Record, RecordBatch } = internals();
    const batch = async (firstOffset: number): Promise<Buffer> => {
      const records = [Record({ offsetDelta: 0, key: null, value: Buffer.alloc(50 * 1024 * 1024) })];
      const compression = CompressionTypes.ZSTD;
      const { buffer } = await RecordBatch({ records, compression, firstOffset, lastOffsetDelta: 0 });
      return buffer;
    };
    const partition = sized(Buffer.concat(await Promise.all([0, 1, 2, 3].map((offset) => batch(offset)))));
    expect(partition.length).toBeLessThan(64 * 1024);
    const response = new Decoder(Buffer.concat([partition, partition]));
    expect((await decodeMessages(response)).map(({ offset }) => offset)).toEqual(['0', '1', '2']);
    expect(await decodeMessages(response)).toEqual([]);
  });

  test('a batch with impossible lengths or counts is one unreadable record at its last offset', async () => {
    const { Decoder, decodeMessages, Record, RecordBatch } = internals();
    const record = Record({ offsetDelta: 0, key: null, value: Buffer.alloc(600_000), headers: { name: 'value' } });
    const { buffer } = await RecordBatch({ records: [record], firstOffset: 40, lastOffsetDelta: 2 });
    const corrupt = (change: (copy: Buffer) => void): Buffer => {
      const copy = Buffer.from(buffer);
      change(copy);
      return sized(copy);
    };
    const broken = [
      corrupt((copy) => copy.writeInt32BE(2_000_000_000, RECORD_COUNT_AT)),
      corrupt((copy) => copy.writeInt32BE(500_001, RECORD_COUNT_AT)),
      corrupt((copy) => copy.writeUInt8(0x7f, RECORD_COUNT_AT + 5)),
      corrupt((copy) => copy.writeUInt8(0x7e, copy.length - 6)),
    ];
    for (const bytes of broken) {
      const decoded = await decodeMessages(new Decoder(bytes));
      expect(decoded).toMatchObject([{ offset: '42', key: null, value: null, unreadable: { firstOffset: '40' } }]);
    }
  });
});

/** Where a batch holds the number of its records. */
const RECORD_COUNT_AT = 57;

/** The records of a partition in a fetch response: behind their size. */
function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}
