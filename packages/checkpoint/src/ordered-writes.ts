/**
 * Purpose   Passes one run's writes on to the group commit.
 * Order     Writes are submitted in the order of their calls, whichever is serialised first; after a failed one none is submitted.
 * I9        Calls before `close` are completed; later calls are refused.
 */
import type { Operation } from './checkpoint-batch.ts';
import type { GroupCommit } from './group-commit.ts';
import { WriteRefused } from './claim.ts';
import type { Claim } from './claim.ts';

export class OrderedWrites {
  readonly #commits: GroupCommit;
  readonly #claim: Claim;
  readonly #onFailure: (error: unknown) => void;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Settles when everything that was called so far has been submitted, or has failed. */
  #submitted: Promise<unknown> = Promise.resolve();
  #failure: { error: unknown } | null = null;
  #isClosed = false;

  /** @param onFailure called once, with the first failure */
  constructor(commits: GroupCommit, claim: Claim, onFailure: (error: unknown) => void) {
    this.#commits = commits;
    this.#claim = claim;
    this.#onFailure = onFailure;
  }

  /** The first failure, which no later write survives; null before. */
  get failure(): { error: unknown } | null {
    return this.#failure;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Writes and reads that have not ended. */
  get underWayCount(): number {
    return this.#underWay.size;
  }

  /** Resolves when the write is committed. Its rows are made immediately, because the graph goes on changing values. */
  write(describe: () => Promise<Operation>): Promise<void> {
    if (this.#isClosed) return Promise.reject(new WriteRefused(this.#claim, 'closed'));
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    return this.track(this.#submit(describe()));
  }

  /** Refuses further writes. */
  close(): void {
    this.#isClosed = true;
  }

  /** Counts the operation as under way until it ends. */
  async track<T>(operation: Promise<T>): Promise<T> {
    this.#underWay.add(operation);
    try {
      return await operation;
    } finally {
      this.#underWay.delete(operation);
    }
  }

  /** Resolves when what is under way now has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #submit(described: Promise<Operation>): Promise<void> {
    const submitted = Promise.allSettled([described, this.#submitted]).then(async () => {
      if (this.#failure !== null) throw this.#failure.error;
      const operation = await described.catch((error: unknown) => this.#fail(error));
      // In an object, so that it is not awaited here and the next write can be submitted.
      return { committed: this.#commits.submit(operation).catch((error: unknown) => this.#fail(error)) };
    });
    this.#submitted = submitted.catch(() => undefined);
    await (
      await submitted
    ).committed;
  }

  #fail(error: unknown): never {
    if (this.#failure === null) {
      this.#failure = { error };
      this.#onFailure(error);
    }
    throw error;
  }
}
