import { ByteRun, loadSql, query } from '@runlane/postgres';
import type { SqlValues } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { CheckpointBatch } from './checkpoint-batch.ts';
import { inSchema } from './checkpoint-schema.ts';
import type { WriteBatch } from './group-commit.ts';

const template = loadSql(new URL('./sql/write-checkpoints-if-owned.sql', import.meta.url));

/** Writes batches into LangGraph's tables of one schema, in one statement each. */
export function createBatchWriter(pool: Pool, schema: string): WriteBatch {
  const statement = inSchema(template, schema);
  return async (batch) => {
    const rows = await query<{ run_id: string; fencing_token: bigint }>(pool, statement, valuesOf(batch));
    return rows.map((row) => ({ runId: row.run_id, fencingToken: BigInt(row.fencing_token) }));
  };
}

function valuesOf({ claims, checkpoints, blobs, writes }: CheckpointBatch): SqlValues {
  const bytes = new ByteRun();
  const blobSpans = blobs.map((blob) => (blob.bytes === null ? null : bytes.add(blob.bytes)));
  const writeSpans = writes.map((write) => bytes.add(write.bytes));
  return {
    run_ids: claims.map((claim) => claim.runId),
    fencing_tokens: claims.map((claim) => claim.fencingToken),
    bytes: bytes.concat(),
    checkpoint_claims: checkpoints.map((row) => row.claim + 1),
    checkpoint_thread_ids: checkpoints.map((row) => row.threadId),
    checkpoint_namespaces: checkpoints.map((row) => row.namespace),
    checkpoint_ids: checkpoints.map((row) => row.checkpointId),
    parent_ids: checkpoints.map((row) => row.parentId),
    checkpoints: checkpoints.map((row) => row.checkpoint),
    metadata: checkpoints.map((row) => row.metadata),
    blob_claims: blobs.map((row) => row.claim + 1),
    blob_thread_ids: blobs.map((row) => row.threadId),
    blob_namespaces: blobs.map((row) => row.namespace),
    blob_channels: blobs.map((row) => row.channel),
    blob_versions: blobs.map((row) => row.version),
    blob_types: blobs.map((row) => row.type),
    blob_offsets: blobSpans.map((span) => span?.offset ?? 1),
    blob_lengths: blobSpans.map((span) => span?.length ?? null),
    write_claims: writes.map((row) => row.claim + 1),
    write_thread_ids: writes.map((row) => row.threadId),
    write_namespaces: writes.map((row) => row.namespace),
    write_checkpoint_ids: writes.map((row) => row.checkpointId),
    task_ids: writes.map((row) => row.taskId),
    indexes: writes.map((row) => row.index),
    write_channels: writes.map((row) => row.channel),
    write_types: writes.map((row) => row.type),
    write_offsets: writeSpans.map(({ offset }) => offset),
    write_lengths: writeSpans.map(({ length }) => length),
    replaces: writes.map((row) => row.replaces),
    is_foreign: writes.map((row) => row.isForeign),
  };
}
