/**
 * When the leases of executors have ended, by the monotonic clock of this process.
 *
 * The database's clock says when a lease ends, and that clock may be set. Set forward by more than a lease, it ends every
 * lease, although all holders renew in time; set back by an hour, it lets the lease of a dead process last for an hour. So
 * this process measures how long it has seen a lease unchanged. A lease has ended when it stayed unchanged for the time that
 * it had left when it was first seen so, but for no less than its holder takes to renew it, and no more than any lease
 * lasts.
 */

/** A lease as the ledger has it. */
export type SeenLease = {
  executorId: string;
  /** Changes with each renewal. */
  renewal: string;
  /** Until it ends, by the database's clock, in milliseconds; negative when it has. */
  leftMs: number;
};

/** A holder that has not renewed for this share of its lease has given it up (hold-executor-lease.ts). */
const RENEWED_WITHIN = 0.8;

/** Processes may have leases of different lengths while a new length is rolled out; none is this many times as long as ours. */
const LONGEST_LEASES = 10;

export class LeaseWatch {
  readonly #leaseMs: number;
  #seen = new Map<string, { renewal: string; endsAtMs: number }>();

  /** @param leaseMs of this process's own lease */
  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /**
   * Takes all leases of the ledger, and returns those that have ended.
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
