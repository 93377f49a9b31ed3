/**
 * Purpose   Keeps the one lease row of this process, on which the ownership of all its runs depends.
 * I3        A lease that was taken, or that could not be renewed before it ran out, is given up: all its runs are aborted
 *           with the reason that the lease is lost, before another process may execute them.
 * I11       A lease that was given up and that nobody has taken is held again under its old id, once the database answers.
 *           The runs that the ledger has under that id stay with this process, and no sweeper takes them for stranded and
 *           spends an attempt. They may be more than this process knows of: a claim whose answer was lost, or a run whose
 *           end a failover forgot.
 * Clock     The database decides when a lease has ended; this side gives up earlier, by its own monotonic clock.
 */
import { LeaseLost } from '../../domain/abort-reasons.ts';
import type { Logger } from '@runlane/service-kit';
import type { HeldClaim } from '../../domain/run.ts';
import type { ExecutorDescription, ExecutorLeases } from '../ports.ts';

export type LeaseDependencies = {
  leases: ExecutorLeases;
  newExecutorId: () => string;
  description: ExecutorDescription;
  leaseMs: number;
  monotonicMs: () => number;
  /** This host's clock, in milliseconds since 1970. */
  wallMs: () => number;
  /** Called after each renewal with the database's clock, and with this host's before and after the statement. */
  onClock: (databaseMs: number, beforeMs: number, afterMs: number) => void;
  /** Resolves after the milliseconds, or earlier when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<void>;
  onLost: (reason: LeaseLost) => void;
  /**
   * The lease is held until this time, by `monotonicMs`, unless it is renewed or lost earlier. Code that works under the
   * lease checks the time itself, because a process that was frozen cannot be notified in time.
   */
  onHeldUntil: (endsAtMs: number) => void;
  /** A lease was registered: from now on runs can be claimed. */
  onHeld: () => void;
  /**
   * Called before each renewal is sent. The function that it returns gets the claims that the ledger knows of by then, with
   * the runs that were asked to stop. Each renewal repeats them until they have stopped, because hints may be lost.
   */
  onRenewing: () => (held: readonly HeldClaim[]) => void;
  logger: Logger;
};

/** The lease is given up when no renewal has succeeded for this share of it; the rest covers a slow clock and the abort itself. */
const GIVE_UP_SHARE = 0.8;

export class ExecutorLease {
  readonly #needs: LeaseDependencies;
  #executorId: string | null = null;
  /** The id of a lease that was given up while nobody is known to have taken it. */
  #givenUpId: string | null = null;
  #renewedAtMs = 0;

  constructor(needs: LeaseDependencies) {
    this.#needs = needs;
  }

  /** The id to claim under; null while this process holds no lease. */
  get executorId(): string | null {
    return this.#executorId;
  }

  /** Registers and renews until `signal` aborts. The row stays then: `release` removes it after the last settlement. */
  async holdUntil(signal: AbortSignal): Promise<void> {
    const { leaseMs, delay } = this.#needs;
    while (!signal.aborted) {
      const giveUp = setTimeout(
        () => this.#lose('it could not be renewed in time'),
        Math.max(0, this.#msUntilGivingUp()),
      );
      try {
        await this.#registerOrRenew();
      } catch (error) {
        this.#needs.logger.warn({ err: error }, 'lease.renewal_failed');
      }
      clearTimeout(giveUp);
      if (this.#executorId !== null && this.#msUntilGivingUp() <= 0) this.#lose('it could not be renewed in time');
      await delay(this.#isFresh() ? leaseMs / 3 : Math.min(500, leaseMs / 10), signal);
    }
  }

  /**
   * Gives the lease back. Runs that were not settled by then are stranded immediately, and others rescue them. Never
   * rejects: while the database is away, the lease expires.
   */
  async release(): Promise<void> {
    const executorId = this.#executorId ?? this.#givenUpId;
    this.#executorId = null;
    this.#givenUpId = null;
    if (executorId === null) return;
    try {
      await this.#needs.leases.release(executorId);
    } catch (error) {
      this.#needs.logger.warn({ err: error, executor_id: executorId }, 'lease.not_released');
    }
  }

  async #registerOrRenew(): Promise<void> {
    const { monotonicMs } = this.#needs;
    if (this.#executorId === null) {
      if (!(await this.#holdAgain())) await this.#register();
      return;
    }
    // Read before the statement is sent, so that the lease in the database ends no earlier than this process counts.
    const sentAtMs = monotonicMs();
    const onRenewed = this.#needs.onRenewing();
    const held = await this.#renew(this.#executorId);
    if (held === null) {
      this.#lose('another process took it');
      this.#givenUpId = null;
      return;
    }
    this.#renewed(sentAtMs);
    onRenewed(held);
  }

  async #register(): Promise<void> {
    const { leases, leaseMs, description, monotonicMs } = this.#needs;
    const sentAtMs = monotonicMs();
    const executorId = this.#needs.newExecutorId();
    await leases.register(executorId, description, leaseMs);
    this.#hold(executorId, sentAtMs, 'lease.registered');
  }

  /** False when there is no lease that was given up, or another process has taken it. */
  async #holdAgain(): Promise<boolean> {
    const executorId = this.#givenUpId;
    if (executorId === null) return false;
    const sentAtMs = this.#needs.monotonicMs();
    const onRenewed = this.#needs.onRenewing();
    const held = await this.#renew(executorId);
    this.#givenUpId = null;
    if (held === null) return false;
    this.#hold(executorId, sentAtMs, 'lease.held_again');
    onRenewed(held);
    return true;
  }

  async #renew(executorId: string): Promise<HeldClaim[] | null> {
    const { leases, leaseMs, wallMs, onClock } = this.#needs;
    const beforeMs = wallMs();
    const renewal = await leases.renew(executorId, leaseMs);
    if (renewal === null) return null;
    onClock(renewal.databaseMs, beforeMs, wallMs());
    return renewal.held;
  }

  #hold(executorId: string, sentAtMs: number, message: string): void {
    const { leaseMs, logger, onHeld } = this.#needs;
    this.#executorId = executorId;
    this.#renewed(sentAtMs);
    logger.info({ executor_id: executorId, lease_ms: leaseMs }, message);
    onHeld();
  }

  #renewed(sentAtMs: number): void {
    this.#renewedAtMs = sentAtMs;
    this.#needs.onHeldUntil(this.#givesUpAtMs());
  }

  #givesUpAtMs(): number {
    return this.#renewedAtMs + this.#needs.leaseMs * GIVE_UP_SHARE;
  }

  #msUntilGivingUp(): number {
    return this.#executorId === null ? this.#needs.leaseMs : this.#givesUpAtMs() - this.#needs.monotonicMs();
  }

  #isFresh(): boolean {
    return this.#executorId !== null && this.#needs.monotonicMs() - this.#renewedAtMs < this.#needs.leaseMs / 3;
  }

  #lose(why: string): void {
    if (this.#executorId === null) return;
    const reason = new LeaseLost(`executor ${this.#executorId}`);
    this.#needs.logger.error({ executor_id: this.#executorId, why }, 'lease.lost');
    this.#givenUpId = this.#executorId;
    this.#executorId = null;
    this.#needs.onHeldUntil(this.#needs.monotonicMs());
    this.#needs.onLost(reason);
  }
}
