/** The checkpoints of a thread without their values, for people who look at it. */
import { loadSql, query } from '@runlane/postgres';
import type { Pool } from 'pg';
import { inSchema } from './checkpoint-schema.ts';

const template = loadSql(new URL('./sql/list-checkpoints.sql', import.meta.url));

/** `before`: only those older than this one; `runId`: only those that this run wrote. */
export type CheckpointsOf = { threadId: string; runId: string | null; before: string | null; limit: number };

/** `interrupts`: what was asked at this checkpoint, in LangGraph's encoding. */
export type ListedCheckpoint = {
  checkpointId: string;
  parentId: string | null;
  createdAt: Date;
  metadata: Record<string, unknown>;
  interrupts: { type: string; blob: Uint8Array }[];
};

type Row = {
  checkpoint_id: string;
  parent_checkpoint_id: string | null;
  created_at: string;
  metadata: Record<string, unknown> | null;
  types: (string | null)[];
  blobs: Buffer[];
};

/**
 * The latest first.
 *
 * @param schema of LangGraph's tables
 */
export async function listCheckpoints(
  pool: Pool,
  schema: string,
  { threadId, runId, before, limit }: CheckpointsOf,
): Promise<ListedCheckpoint[]> {
  const values = { thread_id: threadId, run_id: runId, before, limit };
  const rows = await query<Row>(pool, inSchema(template, schema), values);
  return rows.map((row) => ({
    checkpointId: row.checkpoint_id,
    parentId: row.parent_checkpoint_id,
    createdAt: new Date(row.created_at),
    metadata: row.metadata ?? {},
    interrupts: row.blobs.map((blob, index) => ({ type: row.types[index] ?? 'json', blob })),
  }));
}
