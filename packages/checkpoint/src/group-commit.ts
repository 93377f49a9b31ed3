/**
 * Purpose   Writes the checkpoints of many runs with few statements: what arrives while one is under way goes with the
 *           next one.
 * I3        The statement itself checks that each run is owned under its token; what is not is refused.
 * Order     One statement at a time, operations in the order of their arrival, so a run's writes land in its order. After
 *           one that failed all later ones of the same claim fail: a checkpoint never stands without those before it.
 * Failure   A batch that fails is tried operation by operation, so that a value which Postgres cannot hold hurts only
 *           its own run. An outage of the database fails all of them at once.
 */
import { isDatabaseUnavailable } from '@runlane/postgres';
import { foldOperations } from './checkpoint-batch.ts';
import type { CheckpointBatch, Operation } from './checkpoint-batch.ts';
import { WriteRefused } from './write-claim.ts';
import type { WriteClaim } from './write-claim.ts';

/** Writes a batch in one transaction and answers with the claims that were valid. */
export type WriteBatch = (batch: CheckpointBatch) => Promise<WriteClaim[]>;

/** Bounds of one statement: longer ones would hold its locks too long, and take too much memory at once. */
export type GroupCommitLimits = { maxOperations: number; maxBytes: number };

export const defaultLimits: GroupCommitLimits = { maxOperations: 256, maxBytes: 8 * 1024 * 1024 };

type Waiting = { operation: Operation; bytes: number; resolve: () => void; reject: (error: unknown) => void };

export class GroupCommit {
  readonly #write: WriteBatch;
  readonly #limits: GroupCommitLimits;
  readonly #waiting: Waiting[] = [];
  readonly #broken = new WeakMap<WriteClaim, { error: unknown }>();
  #isFlushing = false;

  constructor(write: WriteBatch, limits: GroupCommitLimits = defaultLimits) {
    this.#write = write;
    this.#limits = limits;
  }

  /** Resolves when the operation is committed. Thrown: WriteRefused, or what the database says; then for its claim for ever. */
  submit(operation: Operation): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, bytes: sizeOf(operation), resolve, reject });
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Operations of one superstep are submitted in one turn of the event loop.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commit(this.#take());
    this.#isFlushing = false;
  }

  #take(): Waiting[] {
    const { maxOperations, maxBytes } = this.#limits;
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (count > 0 && (count >= maxOperations || bytes > maxBytes)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #commit(group: Waiting[]): Promise<void> {
    const unbroken = group.filter((waiting) => {
      const broken = this.#broken.get(waiting.operation.claim);
      if (broken !== undefined) waiting.reject(broken.error);
      return broken === undefined;
    });
    if (unbroken.length === 0) return;
    try {
      const valid = new Set(
        (await this.#write(foldOperations(unbroken.map(({ operation }) => operation)))).map(claimKey),
      );
      for (const waiting of unbroken) {
        if (valid.has(claimKey(waiting.operation.claim))) waiting.resolve();
        else this.#fail(waiting, new WriteRefused(waiting.operation.claim, 'not_owned'));
      }
    } catch (error) {
      if (unbroken.length === 1 || isDatabaseUnavailable(error)) {
        for (const waiting of unbroken) this.#fail(waiting, error);
        return;
      }
      for (const waiting of unbroken) await this.#commit([waiting]);
    }
  }

  #fail({ operation, reject }: Waiting, error: unknown): void {
    this.#broken.set(operation.claim, { error });
    reject(error);
  }
}

function claimKey({ runId, fencingToken }: WriteClaim): string {
  return `${runId}/${fencingToken}`;
}

function sizeOf(operation: Operation): number {
  if (operation.kind === 'writes') return operation.rows.reduce((sum, row) => sum + row.bytes.length, 0);
  const { checkpoint, blobs } = operation;
  const blobBytes = blobs.reduce((sum, blob) => sum + (blob.bytes?.length ?? 0), 0);
  return checkpoint.checkpoint.length + checkpoint.metadata.length + blobBytes;
}
