import { claimKey } from './claim.ts';
import type { Claim } from './claim.ts';

/** A value under a version of a channel, as `checkpoint_blobs` holds it. Bytes are null for an empty channel. */
export type BlobRow = {
  threadId: string;
  namespace: string;
  channel: string;
  version: string;
  type: string;
  bytes: Uint8Array | null;
};

/** A checkpoint as `checkpoints` holds it; both documents as JSON text. */
export type CheckpointRow = {
  threadId: string;
  namespace: string;
  checkpointId: string;
  parentId: string | null;
  checkpoint: string;
  metadata: string;
};

/** A task's write as `checkpoint_writes` holds it. */
export type WriteRow = {
  threadId: string;
  namespace: string;
  checkpointId: string;
  taskId: string;
  index: number;
  channel: string;
  type: string;
  bytes: Uint8Array;
};

/**
 * What one call of the saver wants written. `beginsNamespace`: whether the checkpoint is the attempt's first one in a
 * subgraph, whose namespace has to be journalled. `replaces`: whether its writes overwrite earlier ones of the same task.
 * `isForeign`: whether they belong to a checkpoint of another run, so that what they replace has to be journalled.
 */
export type Operation =
  | { kind: 'put'; claim: Claim; checkpoint: CheckpointRow; blobs: BlobRow[]; beginsNamespace: boolean }
  | { kind: 'writes'; claim: Claim; rows: WriteRow[]; replaces: boolean; isForeign: boolean };

/** Names a namespace for the journal only; it is not written. */
const NAMING = {
  checkpointId: '',
  taskId: '',
  index: 0,
  channel: '',
  type: '',
  bytes: new Uint8Array(),
  replaces: false,
  isForeign: true,
};

type Owned<Row> = Row & { claim: number };
type BatchedWrite = Owned<WriteRow & { replaces: boolean; isForeign: boolean }>;

/** The rows of one statement. Each key occurs once, because one statement can touch a row only once. */
export type CheckpointBatch = {
  claims: Claim[];
  checkpoints: Owned<CheckpointRow>[];
  blobs: Owned<BlobRow>[];
  writes: BatchedWrite[];
};

/**
 * Folds operations into one batch, with the effect that they would have one after the other: a later checkpoint or
 * replacing write takes the place of an earlier one under the same key, a later blob or plain write does not.
 */
export function foldOperations(operations: readonly Operation[]): CheckpointBatch {
  const claims = new Map<string, { index: number; claim: Claim }>();
  const checkpoints = new Map<string, Owned<CheckpointRow>>();
  const blobs = new Map<string, Owned<BlobRow>>();
  const writes = new Map<string, BatchedWrite>();
  for (const operation of operations) {
    const claim = indexOf(operation.claim, claims);
    if (operation.kind === 'put') {
      const { checkpoint } = operation;
      if (operation.beginsNamespace) {
        const { threadId, namespace } = checkpoint;
        writes.set(key(claim, threadId, namespace), { ...NAMING, threadId, namespace, claim });
      }
      checkpoints.set(key(claim, checkpoint.threadId, checkpoint.namespace, checkpoint.checkpointId), {
        ...checkpoint,
        claim,
      });
      for (const blob of operation.blobs) {
        const id = key(claim, blob.threadId, blob.namespace, blob.channel, blob.version);
        if (!blobs.has(id)) blobs.set(id, { ...blob, claim });
      }
      continue;
    }
    const { replaces, isForeign } = operation;
    for (const row of operation.rows) {
      const id = key(claim, row.threadId, row.namespace, row.checkpointId, row.taskId, String(row.index));
      if (replaces || !writes.has(id)) writes.set(id, { ...row, claim, replaces, isForeign });
    }
  }
  return {
    claims: [...claims.values()].map(({ claim }) => claim),
    checkpoints: [...checkpoints.values()],
    blobs: [...blobs.values()],
    writes: [...writes.values()],
  };
}

function indexOf(claim: Claim, claims: Map<string, { index: number; claim: Claim }>): number {
  const id = claimKey(claim);
  const known = claims.get(id);
  if (known !== undefined) return known.index;
  const index = claims.size;
  claims.set(id, { index, claim });
  return index;
}

function key(claim: number, ...parts: string[]): string {
  return JSON.stringify([claim, ...parts]);
}
