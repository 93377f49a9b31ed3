/**
 * When the leases of executors have ended, by the monotonic clock of this process.
 *
 * The database's clock says when one ends, and it may be set: forward by more than a lease, and everybody's has ended,
 * although all of them renew in time; back by an hour, and that of one who is gone lasts for an hour. So what counts is how long
 * this process has seen a lease stay as it is: as long as it had left when it was first seen so, but no less than its holder
 * takes to renew it, and no more than any lease lasts.
 */

/** A lease as the ledger has it. */
export type SeenLease = {
  executorId: string;
  /** Changes with each renewal. */
  renewal: string;
  /** Until it ends, by the database's clock, in milliseconds; negative when it has. */
  leftMs: number;
};

/** A holder that has not renewed for this share of its lease has given it up: see hold-executor-lease.ts. */
const RENEWED_WITHIN = 0.8;

/** Leases may differ from process to process while their length is being changed; none is so many times as long as ours. */
const LONGEST_LEASES = 10;

export class LeaseWatch {
  readonly #leaseMs: number;
  #seen = new Map<string, { renewal: string; endsAtMs: number }>();

  /** @param leaseMs of this process's own lease */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /**
   * Takes in all leases of the ledger, and returns those that have ended.
   *
   * @param nowMs by the monotonic clock, when the ledger had answered
   */
  ended(leases: readonly SeenLease[], nowMs: number): SeenLease[] {
    const before = this.#seen;
    this.#seen = new Map(
      leases.map((lease) => {
        const known = before.get(lease.executorId);
        if (known?.renewal === lease.renewal) return [lease.executorId, known];
        const { executorId, renewal, leftMs } = lease;
        const waitMs = Math.min(Math.max(leftMs, this.#leaseMs * RENEWED_WITHIN), this.#leaseMs * LONGEST_LEASES);
        return [executorId, { renewal, endsAtMs: nowMs + waitMs }];
      }),
    );
    return leases.filter(({ executorId }) => (this.#seen.get(executorId)?.endsAtMs ?? Infinity) <= nowMs);
  }
}
