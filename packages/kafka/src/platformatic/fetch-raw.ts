import { createAPI, fetchV12 } from '@platformatic/kafka';
import type { Reader, Writer } from '@platformatic/kafka';
import type { Aborted } from './record-batches.ts';

/** One partition of an answer. `bytes` are its record batches as they came. */
export type FetchedPartition = {
  topic: string;
  partition: number;
  errorCode: number;
  highWatermark: bigint;
  /** The first offset that the topic still has. */
  logStartOffset: bigint;
  aborted: Aborted[];
  bytes: Buffer;
};

export type FetchAnswer = { errorCode: number; partitions: FetchedPartition[] };

type FetchArguments = [
  maxWaitMs: number,
  minBytes: number,
  maxBytes: number,
  isolationLevel: number,
  sessionId: number,
  sessionEpoch: number,
  topics: fetchV12.FetchRequestTopic[],
  forgottenTopics: never[],
  rackId: string,
];

const FETCH_KEY = 1;
const FETCH_VERSION = 12;

/**
 * The library's Fetch with an answer of our own: the library unpacks every batch within the event loop, without a bound, and loses
 * the whole answer when it cannot read one of them.
 */
export const fetchRaw = createAPI<FetchArguments, FetchAnswer>(
  FETCH_KEY,
  FETCH_VERSION,
  (...given: FetchArguments): Writer => fetchV12.createRequest(...given),
  (_correlationId, _apiKey, _apiVersion, reader) => parseAnswer(reader),
);

function parseAnswer(reader: Reader): FetchAnswer {
  reader.readInt32(); // Throttle time.
  const errorCode = reader.readInt16();
  reader.readInt32(); // Session.
  const partitions = reader
    .readArray((topics) => {
      const topic = topics.readString();
      return topics.readArray((one) => parsePartition(topic, one));
    })
    .flat();
  reader.readTaggedFields();
  return { errorCode, partitions };
}

function parsePartition(topic: string, reader: Reader): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = reader.readInt64();
  reader.readInt64(); // Last stable offset.
  const logStartOffset = reader.readInt64();
  const aborted = reader.readArray((one) => ({ producerId: one.readInt64(), firstOffset: one.readInt64() }));
  reader.readInt32(); // Preferred replica.
  const bytes = reader.readBytes();
  return { topic, partition, errorCode, highWatermark, logStartOffset, aborted, bytes };
}
