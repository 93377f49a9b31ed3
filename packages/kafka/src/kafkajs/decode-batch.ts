import type { Batch, KafkaMessage } from 'kafkajs';
import type { InRecord, PartitionBatch } from '../port.ts';

/** The port's view of what kafkajs fetched. */
export function decodeBatch(batch: Batch): PartitionBatch {
  const { topic, partition } = batch;
  return {
    topic,
    partition,
    records: batch.messages.map((message) => decodeRecord(topic, partition, message)),
    highWatermark: BigInt(batch.highWatermark),
  };
}

function decodeRecord(topic: string, partition: number, message: KafkaMessage): InRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: decodeHeaders(message.headers),
  };
}

function decodeHeaders(headers: KafkaMessage['headers']): Map<string, Buffer[]> {
  const decoded = new Map<string, Buffer[]>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    // For a header named like a property of every object ("constructor") kafkajs lists that property before the
    // values; only buffers are values.
    const values = Array.isArray(value) ? value.filter(isBufferOrNull) : [value];
    decoded.set(name, values.map(toBuffer));
  }
  return decoded;
}

function isBufferOrNull(value: unknown): boolean {
  return Buffer.isBuffer(value) || value === null;
}

function toBuffer(value: Buffer | string | null | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value ?? '');
}
