import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';

/** The parts of kafkajs' internals that the patch in `packages/kafka/patches` changes. */
type Internals = {
  RequestQueue: new (options: object) => { throttleCheckTimeoutId: unknown; checkPendingRequests(): void };
  RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
  Record: (options: object) => unknown;
  Decoder: new (buffer: Buffer) => object;
  decodeMessages: (decoder: object) => Promise<{ offset: string }[]>;
};

function internals(): Internals {
  const load = createRequire(import.meta.url);
  const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0');
  return {
    RequestQueue: load('kafkajs/src/network/requestQueue'),
    RecordBatch,
    Record: load('kafkajs/src/protocol/recordBatch/record/v0'),
    Decoder: load('kafkajs/src/protocol/decoder'),
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

  test('a batch of more records than a call takes arguments is decoded', async () => {
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
});
