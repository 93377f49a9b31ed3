import { FatalError } from '@runlane/service-kit/errors';
import type { OutRecord } from '../port.ts';

/**
 * kafkajs puts all records of a request that share a partition into one record batch, and brokers limit the batch
 * (`max.message.bytes`, by default 1048588) and not the record. Chunks below the default limit keep small records from being
 * refused because of the records beside them.
 */
export const CHUNK_BYTES = 900 * 1024;

/** Rough size of a record on the wire: its bytes plus what the format adds. */
export function recordBytes(record: OutRecord): number {
  const headers = Object.entries(record.headers).flatMap(([name, values]) =>
    [values].flat().map((value) => Buffer.byteLength(name) + Buffer.byteLength(value) + 10),
  );
  const headerBytes = headers.reduce((sum, bytes) => sum + bytes, 0);
  return Buffer.byteLength(record.key ?? '') + (record.value?.length ?? 0) + headerBytes + 32;
}

/** Cuts records into consecutive chunks of at most `CHUNK_BYTES`; a record above that is a chunk of its own. */
export function chunkRecords(records: readonly OutRecord[]): OutRecord[][] {
  const chunks: OutRecord[][] = [];
  let current: OutRecord[] = [];
  let currentBytes = 0;
  for (const record of records) {
    const bytes = recordBytes(record);
    if (current.length > 0 && currentBytes + bytes > CHUNK_BYTES) {
      chunks.push(current);
      current = [];
      currentBytes = 0;
    }
    current.push(record);
    currentBytes += bytes;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}

/**
 * Checks what kafkajs would fail on with a TypeError deep in its encoder.
 *
 * Thrown for a record that no broker could take: FatalError, naming the record.
 */
export function checkRecord(record: OutRecord): void {
  const problem = problemOf(record);
  if (problem !== null) throw new FatalError(`the record ${nameOf(record)} ${problem}`);
}

function problemOf(record: OutRecord): string | null {
  if (record.topic === '') return 'has no topic';
  if (record.value !== null && !Buffer.isBuffer(record.value)) return 'has a value that is neither a Buffer nor null';
  for (const [name, values] of Object.entries(record.headers)) {
    const isSendable = [values].flat().every((value) => typeof value === 'string' || Buffer.isBuffer(value));
    if (!isSendable) return `has a header ${name} that is neither text nor a Buffer`;
  }
  return null;
}

/** How errors name a record: topic and key, which are no secrets. */
export function nameOf(record: OutRecord): string {
  return `${record.key === null ? 'without a key' : `with key ${String(record.key)}`} of topic ${record.topic}`;
}
