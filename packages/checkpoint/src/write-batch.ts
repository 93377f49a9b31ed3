import { loadSql, query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { CheckpointBatch } from './checkpoint-batch.ts';
import { inSchema } from './checkpoint-schema.ts';
import type { WriteBatch } from './group-commit.ts';

const template = loadSql(new URL('./sql/write-checkpoints-if-owned.sql', import.meta.url));

/** Writes batches into LangGraph's tables of one schema, in one statement each. */
export function createBatchWriter(pool: Pool, schema: string): WriteBatch {
  const statement = inSchema(template, schema);
  return async (batch) => {
    const rows = await query<{ run_id: string; fencing_token: bigint }>(pool, statement, parametersOf(batch));
    return rows.map((row) => ({ runId: row.run_id, fencingToken: BigInt(row.fencing_token) }));
  };
}

function parametersOf({ claims, checkpoints, blobs, writes }: CheckpointBatch): unknown[] {
  const bytes = new ByteRun();
  const blobSpans = blobs.map((blob) => bytes.add(blob.bytes));
  const writeSpans = writes.map((write) => bytes.add(write.bytes));
  return [
    claims.map((claim) => claim.runId),
    claims.map((claim) => claim.fencingToken),
    bytes.concat(),
    checkpoints.map((row) => row.claim + 1),
    checkpoints.map((row) => row.threadId),
    checkpoints.map((row) => row.namespace),
    checkpoints.map((row) => row.checkpointId),
    checkpoints.map((row) => row.parentId),
    checkpoints.map((row) => row.checkpoint),
    checkpoints.map((row) => row.metadata),
    blobs.map((row) => row.claim + 1),
    blobs.map((row) => row.threadId),
    blobs.map((row) => row.namespace),
    blobs.map((row) => row.channel),
    blobs.map((row) => row.version),
    blobs.map((row) => row.type),
    blobSpans.map((span) => span?.offset ?? 1),
    blobSpans.map((span) => span?.length ?? null),
    writes.map((row) => row.claim + 1),
    writes.map((row) => row.threadId),
    writes.map((row) => row.namespace),
    writes.map((row) => row.checkpointId),
    writes.map((row) => row.taskId),
    writes.map((row) => row.index),
    writes.map((row) => row.channel),
    writes.map((row) => row.type),
    writeSpans.map((span) => span?.offset ?? 1),
    writeSpans.map((span) => span?.length ?? null),
    writes.map((row) => row.replaces),
    writes.map((row) => row.isForeign),
  ];
}

/** Many byte strings as one, with the place of each counted from 1 as SQL counts. */
class ByteRun {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  add(part: Uint8Array | null): { offset: number; length: number } | null {
    if (part === null) return null;
    const offset = this.#length + 1;
    this.#parts.push(part);
    this.#length += part.length;
    return { offset, length: part.length };
  }

  concat(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
