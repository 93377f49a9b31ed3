/**
 * Purpose   Writes the checkpoints of many runs with few statements: operations that arrive while a statement is under way
 *           share the next one.
 * I3        The statement itself checks that each run is owned under its token; other writes are refused.
 * I11       An outage of the database is waited out: the same operations are tried again, in the same order, until they are
 *           written or their claim is released. The token in the statement makes a repetition harmless, also when an answer
 *           was lost.
 * Order     One statement at a time, operations in the order of their arrival, so a run's writes land in its order. After a
 *           failed write all later ones of the same claim fail: no checkpoint is stored without the earlier ones.
 * Failure   A batch that fails is tried operation by operation, so that a value which Postgres cannot hold, or which takes
 *           too long, affects only its own run.
 */
import { backoff } from '@runlane/service-kit';
import { foldOperations } from './checkpoint-batch.ts';
import type { CheckpointBatch, Operation } from './checkpoint-batch.ts';
import { hasOverrun, isOutage } from './outage.ts';
import { WriteRefused } from './claim.ts';
import { claimKey } from './claim.ts';
import type { Claim } from './claim.ts';

/** Writes a batch in one transaction and answers with the claims that were valid. */
export type WriteBatch = (batch: CheckpointBatch) => Promise<Claim[]>;

/**
 * Bounds of one statement, because longer ones would hold their locks too long and take too much memory at once; and
 * `maxHeldBytes`, above which runs are asked to stop at their next superstep while an outage lasts.
 */
export type GroupCommitLimits = { maxOperations: number; maxBytes: number; maxHeldBytes: number };

export const defaultLimits: GroupCommitLimits = {
  maxOperations: 256,
  maxBytes: 8 * 1024 * 1024,
  maxHeldBytes: 64 * 1024 * 1024,
};

export type GroupCommitOptions = {
  limits?: GroupCommitLimits;
  /** Called for each failed try during an outage, to log it. */
  onHeld?: (event: { error: unknown; attempt: number; operationCount: number }) => void;
  /** Resolves after the milliseconds. Default: a timer. */
  delay?: (ms: number) => Promise<void>;
};

type Waiting = { operation: Operation; bytes: number; resolve: () => void; reject: (error: unknown) => void };

/** Waits between tries during an outage: short compared with a lease, because a failover takes about a second. */
const RETRY = { baseMs: 50, maxMs: 1_000 };
/** Tries of an operation that alone exceeds the limits of a statement. */
const MAX_OVERRUNS = 3;

export class GroupCommit {
  readonly #write: WriteBatch;
  readonly #limits: GroupCommitLimits;
  readonly #onHeld: NonNullable<GroupCommitOptions['onHeld']>;
  readonly #delay: NonNullable<GroupCommitOptions['delay']>;
  readonly #waiting: Waiting[] = [];
  readonly #broken = new WeakMap<Claim, { error: unknown }>();
  readonly #letGo = new WeakSet<Claim>();
  /** The outage that is waited out, and the operations that wait for its end. */
  #held: { error: unknown; group: readonly Waiting[]; resume: () => void } | null = null;
  #isOut = false;
  #bytes = 0;
  #isFlushing = false;

  constructor(write: WriteBatch, options: GroupCommitOptions = {}) {
    this.#write = write;
    this.#limits = options.limits ?? defaultLimits;
    this.#onHeld = options.onHeld ?? (() => undefined);
    this.#delay = options.delay ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** True while an outage keeps more from being written than this process should hold in memory. */
  get isOverBudget(): boolean {
    return this.#isOut && this.#bytes > this.#limits.maxHeldBytes;
  }

  /**
   * Resolves when the operation is committed, after an outage of any length. Thrown: WriteRefused, or the database's error;
   * then every later write of the claim fails with it.
   */
  submit(operation: Operation): Promise<void> {
    const bytes = sizeOf(operation);
    this.#bytes += bytes;
    const written = new Promise<void>((resolve, reject) => {
      const waiting = { operation, bytes, resolve, reject };
      this.#waiting.push(waiting);
      if (this.#held !== null && this.#letGo.has(operation.claim)) this.#fail(waiting, this.#held.error);
      void this.#flush();
    });
    return written.finally(() => {
      this.#bytes -= bytes;
    });
  }

  /**
   * From now on no outage is waited out for the claim: operations that wait for one fail immediately, with the outage. Other
   * operations are still written.
   */
  letGo(claim: Claim): void {
    this.#letGo.add(claim);
    if (this.#held === null) return;
    const { error, group, resume } = this.#held;
    for (const waiting of [...group, ...this.#waiting]) {
      if (waiting.operation.claim === claim) this.#fail(waiting, error);
    }
    resume();
  }

  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Operations of one superstep are submitted in one turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
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

  async #commit(group: readonly Waiting[]): Promise<void> {
    let overruns = 0;
    for (let attempt = 1; ; attempt += 1) {
      const unbroken = group.filter((waiting) => {
        const broken = this.#broken.get(waiting.operation.claim);
        if (broken !== undefined) waiting.reject(broken.error);
        return broken === undefined;
      });
      if (unbroken.length === 0) return;
      try {
        await this.#writeGroup(unbroken);
        this.#isOut = false;
        return;
      } catch (error) {
        if (isOutage(error)) {
          await this.#hold(unbroken, error, attempt);
          continue;
        }
        if (unbroken.length > 1) {
          for (const waiting of unbroken) await this.#commit([waiting]);
          return;
        }
        overruns += 1;
        if (hasOverrun(error) && overruns < MAX_OVERRUNS) {
          await this.#delay(backoff(overruns, RETRY, Math.random()));
          continue;
        }
        for (const waiting of unbroken) this.#fail(waiting, error);
        return;
      }
    }
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const batch = foldOperations(group.map(({ operation }) => operation));
    const valid = new Set((await this.#write(batch)).map(claimKey));
    for (const waiting of group) {
      if (valid.has(claimKey(waiting.operation.claim))) waiting.resolve();
      else this.#fail(waiting, new WriteRefused(waiting.operation.claim, 'not_owned'));
    }
  }

  /** Waits before the next try, or until a claim of the group is released. */
  async #hold(group: readonly Waiting[], error: unknown, attempt: number): Promise<void> {
    this.#isOut = true;
    for (const waiting of [...group, ...this.#waiting]) {
      if (this.#letGo.has(waiting.operation.claim)) this.#fail(waiting, error);
    }
    const kept = group.filter(({ operation }) => !this.#letGo.has(operation.claim));
    if (kept.length === 0) return;
    this.#onHeld({ error, attempt, operationCount: kept.length + this.#waiting.length });
    const resumed = Promise.withResolvers<void>();
    this.#held = { error, group: kept, resume: resumed.resolve };
    await Promise.race([this.#delay(backoff(attempt, RETRY, Math.random())), resumed.promise]);
    this.#held = null;
  }

  #fail({ operation, reject }: Waiting, error: unknown): void {
    this.#broken.set(operation.claim, { error });
    reject(error);
  }
}

function sizeOf(operation: Operation): number {
  if (operation.kind === 'writes') return operation.rows.reduce((sum, row) => sum + row.bytes.length, 0);
  const { checkpoint, blobs } = operation;
  const blobBytes = blobs.reduce((sum, blob) => sum + (blob.bytes?.length ?? 0), 0);
  return checkpoint.checkpoint.length + checkpoint.metadata.length + blobBytes;
}
