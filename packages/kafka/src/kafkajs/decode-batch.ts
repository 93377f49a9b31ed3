import type { Batch, KafkaMessage } from 'kafkajs';
import type { InRecord, PartitionBatch } from '../port.ts';
import { describeError } from '../connecting/error-kinds.ts';

/** The port's view of what kafkajs fetched. */
export function decodeBatch(batch: Batch): PartitionBatch {
  const { topic, partition } = batch;
  return {
    topic,
    partition,
    records: batch.messages.map((message) => decodeRecord(topic, partition, message)),
    highWatermark: BigInt(batch.highWatermark),
    lowWatermark: lowWatermarkOf(batch),
  };
}

/** The patch of kafkajs keeps it; a broker that does not know it says -1. */
function lowWatermarkOf(batch: Batch): bigint {
  const low = 'lowWatermark' in batch && typeof batch.lowWatermark === 'string' ? BigInt(batch.lowWatermark) : 0n;
  return low > 0n ? low : 0n;
}

function decodeRecord(topic: string, partition: number, message: KafkaMessage): InRecord {
  const unreadable = unreadableOf(message);
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: decodeHeaders(message.headers),
    ...(unreadable === undefined ? {} : { unreadable }),
  };
}

function decodeHeaders(headers: KafkaMessage['headers']): Map<string, Buffer[]> {
  const decoded = new Map<string, Buffer[]>();
  for (const [name, value] of Object.entries(headers ?? {})) decoded.set(name, [value].flat().map(toBuffer));
  return decoded;
}

function toBuffer(value: Buffer | string | null | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value ?? '');
}

/** The mark that the patch of kafkajs sets on the record that stands for a whole batch. */
function unreadableOf(message: KafkaMessage): InRecord['unreadable'] {
  if (!('unreadable' in message)) return undefined;
  const { firstOffset, error } = message.unreadable as { firstOffset: string; error: unknown };
  return { firstOffset: BigInt(firstOffset), reason: describeError(error) };
}
