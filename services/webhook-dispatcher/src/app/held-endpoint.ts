import { queueKey } from '../domain/intake-plan.ts';
import { ORIGIN_SLOTS, isQuick, onOriginSend } from '../domain/origin-health.ts';
import { isProven } from '../domain/target-health.ts';
import { UNSETTLED_PER_SLOT } from './held-target.ts';
import type { HeldTarget, Taken } from './held-target.ts';
import { HOLD_MS, HeldTargets } from './held-targets.ts';
import type { Wanting } from './held-targets.ts';
import { LeasedOrigin } from './leased-origin.ts';
import type { DueTarget, StoredDelivery } from './ports.ts';

/**
 * An endpoint whose lease this process holds: its URLs in the order of their turns, and what is under way.
 * Only the holder changes the health, so the health here is the true one; the ledger has as much of it as others need for
 * decisions.
 *
 * Turns    Each URL that may be sent to gets one slot, then it is the next one's turn. URLs that have not answered 2xx
 *          since their last failure share half of the slots, so that those that hang leave room for those that do not.
 *          The probe of an open origin goes to the URL that succeeded last.
 */
export class HeldEndpoint extends LeasedOrigin {
  readonly #targets = new HeldTargets();
  readonly #busyIds = new Set<bigint>();
  /** In the order of their beginnings. */
  readonly #inFlight = new Set<Taken>();
  #hasProbe = false;
  /** A fetch under way may not find what was stored since. */
  #isHinted = false;
  /** Runs of which an event was stored that waits for an earlier one. */
  readonly #followed = new Set<string>();

  get disabled(): Set<string> {
    return this.#targets.disabled;
  }

  get emptyUrls(): ReadonlySet<string> {
    return this.#targets.emptyUrls;
  }

  /** Requests under way. */
  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Whether a slot that it gets is likely to be free again soon. */
  isQuick(nowMs: number): boolean {
    const [oldest] = this.#inFlight;
    return isQuick(this.health, oldest === undefined ? 0 : nowMs - oldest.sentAtMs);
  }

  /** Requests under way, and results that are not committed yet: while there are any, the lease is needed. */
  get unendedCount(): number {
    return this.#busyIds.size;
  }

  get queuedCount(): number {
    return this.#targets.queuedCount;
  }

  /** Ids that a fetch must not return again. */
  get busyIds(): bigint[] {
    return [...this.#busyIds, ...this.#targets.queuedIds];
  }

  /** Whether its wait is too short to be worth giving the lease back. */
  isWorthHolding(nowMs: number): boolean {
    const permission = this.permission(nowMs);
    return permission.kind === 'send' || (permission.untilMs - nowMs < HOLD_MS && this.queuedCount > 0);
  }

  /** When the next queued delivery that may not be sent now may be sent; Infinity without one. */
  wakeAtMs(nowMs: number): number {
    const permission = this.permission(nowMs);
    if (permission.kind === 'wait') return this.queuedCount > 0 ? permission.untilMs : Infinity;
    return this.#targets.wakeAtMs(nowMs);
  }

  /** What the next fetch shall return for it; null when it has enough. */
  wanted(nowMs: number): Wanting | null {
    if (this.isLeaving || this.isLost || this.permission(nowMs).kind !== 'send') return null;
    return this.#targets.wanted(nowMs);
  }

  /** Something may be due that no fetch has found. */
  hint(): void {
    this.#isHinted = true;
    this.exhaustedAtMs = null;
  }

  /** Intake has stored something for it. */
  stored(delivery: StoredDelivery): void {
    if (delivery.isNext) this.hint();
    else this.#followed.add(queueKey(delivery));
  }

  /** A fetch begins. Call `fetched` when it has returned. */
  isFetched(): void {
    this.#isHinted = false;
  }

  /** Takes what a fetch found that began at this time of the monotonic clock. */
  fetched(found: readonly DueTarget[], wanting: Wanting, beganMs: number): void {
    if (this.isLost) return;
    const wasAll = this.#targets.add(found, wanting);
    this.exhaustedAtMs = wasAll && !this.#isHinted ? beganMs : null;
  }

  leave(): void {
    this.isLeaving = true;
    this.dropQueue();
  }

  dropQueue(): void {
    for (const target of this.#targets.inTurns()) this.#dropQueueOf(target);
  }

  /**
   * Takes the next delivery that may be sent now, or null. An event goes to a URL only when the one before it, of the same
   * run, is settled. Call `answered` with it afterwards, and `ended` when its result is committed.
   */
  take(nowMs: number): Taken | null {
    if (this.isLost || this.#hasProbe) return null;
    const permission = this.permission(nowMs);
    if (permission.kind !== 'send' || this.#inFlight.size >= permission.slots) return null;
    if (this.#busyIds.size >= permission.slots * (1 + UNSETTLED_PER_SLOT)) return null;
    const roomForDoubt = Math.max(1, ORIGIN_SLOTS / 2) - this.#targets.doubtfulCount;
    const candidates = permission.isProbe ? this.#targets.byLastSuccess() : this.#targets.inTurns();
    for (const target of candidates) {
      if (target.queuedCount === 0 || (roomForDoubt <= 0 && !isProven(target.health))) continue;
      const taken = this.#takeOf(target, nowMs, permission.isProbe);
      if (taken !== null) return taken;
    }
    return null;
  }

  /** The request is over and its slot is free; the health includes the result already. */
  answered(taken: Taken): void {
    const { target, isTargetProbe, isOriginProbe } = taken;
    this.#inFlight.delete(taken);
    target.answered(isTargetProbe);
    // Not certain, because a fetch may have left them out.
    if (!isProven(target.health)) this.exhaustedAtMs = null;
    if (isOriginProbe) this.#hasProbe = false;
    if (target.health.breaker.kind === 'disabled') this.#targets.disabled.add(target.urlHash);
    if (target.health.breaker.kind !== 'closed') this.#dropQueueOf(target);
  }

  /**
   * Whether a URL of which everything is delivered stays in line until the lease is given back. To take it out of line, a settlement
   * has to have the endpoint for itself, and everything that is stored for it or settled waits.
   */
  leavesInLine({ urlHash, health }: HeldTarget): boolean {
    return health.breaker.kind === 'closed' && this.#targets.leaveEmpty(urlHash);
  }

  /** The result is committed, or given up. */
  ended({ delivery, target }: Taken): void {
    this.#busyIds.delete(delivery.deliveryId);
    // The next one of its run may be due now.
    if (this.#followed.delete(queueKey(delivery))) this.hint();
    target.ended(delivery);
    this.#targets.forgetIfIdle(target);
  }

  /** A disabled URL whose queue can be ended, because nothing of it is under way. */
  endable(): string | null {
    return this.#targets.endable();
  }

  /** Drops from memory what has to wait for long; the ledger has it. */
  dropWaiting(nowMs: number): void {
    for (const target of this.#targets.waitingLong(nowMs)) this.#dropQueueOf(target);
  }

  #takeOf(target: HeldTarget, nowMs: number, isOriginProbe: boolean): Taken | null {
    const permission = target.permission(nowMs);
    if (permission.kind !== 'send' || target.hasProbe || target.inFlightCount >= permission.slots) return null;
    if (target.unendedCount >= permission.slots * (1 + UNSETTLED_PER_SLOT)) return null;
    const delivery = target.take(nowMs, permission.isProbe);
    if (delivery === null) return null;
    this.#targets.hadItsTurn(target);
    this.#busyIds.add(delivery.deliveryId);
    this.#hasProbe = isOriginProbe;
    this.health = onOriginSend(this.health, nowMs, this.fixedRate);
    this.sentCount += 1;
    const taken = { delivery, target, sentAtMs: nowMs, isTargetProbe: permission.isProbe, isOriginProbe };
    this.#inFlight.add(taken);
    return taken;
  }

  #dropQueueOf(target: HeldTarget): void {
    if (this.#targets.dropQueueOf(target)) this.exhaustedAtMs = null;
  }
}
