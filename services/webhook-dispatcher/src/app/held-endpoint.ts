import { ORIGIN_SLOTS, onOriginSend, originPermission } from '../domain/origin-health.ts';
import type { OriginHealth, OriginPermission } from '../domain/origin-health.ts';
import { TARGET_SLOTS, isProven } from '../domain/target-health.ts';
import { HeldTarget } from './held-target.ts';
import type { DueDelivery, DueTarget, LeasedEndpoint } from './ports.ts';

/** A delivery that is being sent; whether it is the probe of its URL's breaker, or of its origin's. */
export type Taken = {
  delivery: DueDelivery;
  target: HeldTarget;
  sentAtMs: number;
  isTargetProbe: boolean;
  isOriginProbe: boolean;
};

/**
 * What a fetch wants of an endpoint: so many URLs, so many deliveries of each. `isOnlyProven`: there are enough of URLs that
 * have not succeeded last, which must not keep the others from being seen.
 */
export type Wanting = { targets: number; perTarget: number; isOnlyProven: boolean; without: string[] };

/**
 * Deliveries whose results may wait for their commit, for each slot: so many more go on meanwhile, and are repeated at most
 * when the process dies.
 */
const UNSETTLED_PER_SLOT = 3;
/** What a URL may not be sent sooner is left to the ledger: others need the room in memory. */
const HOLD_MS = 2_000;
/** Deliveries fetched for an endpoint at once: enough to keep its slots busy over a round trip to the database. */
const FETCH = 8 * TARGET_SLOTS;
/** With fewer fetched and not begun, more are fetched. */
const REFILL = 2 * TARGET_SLOTS;

/**
 * An endpoint whose lease this process holds: its URLs in the order of their turns, and what is under way.
 * Only the holder changes the health, so what is here is the truth, and what is in the ledger the last committed of it.
 *
 * Turns    Each URL that may be sent to gets one slot, then it is the next one's turn. URLs that have not answered 2xx
 *          since their last failure share half of the slots, so that those that hang leave room for those that do not.
 *          The probe of an open origin goes to the URL that succeeded last.
 */
export class HeldEndpoint {
  readonly endpointId: bigint;
  readonly fence: bigint;
  readonly origin: string;
  readonly site: string;
  /** Requests per second that the operator allows; null for no such limit. */
  readonly fixedRate: number | null;
  health: OriginHealth;
  /** The lease was taken: nothing may be sent under it any more. */
  isLost = false;
  /** The last fetch found everything that is due, at that time of the monotonic clock; null when there may be more. */
  exhaustedAtMs: number | null = null;
  /** Its turn is over: it fetches nothing more, and is given back when its attempts have ended. */
  isLeaving = false;
  /** Attempts begun under this lease. */
  sentCount = 0;
  /** When the lease was taken, by the monotonic clock. */
  readonly heldSinceMs: number;
  /** URLs that are disabled and may have due deliveries. */
  readonly disabled = new Set<string>();
  /** URLs that were in line and had nothing due. */
  readonly emptyUrls = new Set<string>();
  readonly #targets = new Map<string, HeldTarget>();
  readonly #busyIds = new Set<bigint>();
  #inFlightCount = 0;
  #hasProbe = false;
  #restsUntilMs = 0;
  #targetsInLine = 4;

  constructor(leased: LeasedEndpoint, { fixedRate, nowMs }: { fixedRate: number | null; nowMs: number }) {
    this.endpointId = leased.endpointId;
    this.fence = leased.fence;
    this.origin = leased.origin;
    this.site = leased.site;
    this.health = leased.health;
    this.fixedRate = fixedRate;
    this.heldSinceMs = nowMs;
  }

  /** Requests under way. */
  get inFlightCount(): number {
    return this.#inFlightCount;
  }

  /** Requests under way, and results that are not committed yet: while there are any, the lease is needed. */
  get unendedCount(): number {
    return this.#busyIds.size;
  }

  get queuedCount(): number {
    return [...this.#targets.values()].reduce((sum, target) => sum + target.queuedCount, 0);
  }

  /** Ids that a fetch must not return again. */
  get busyIds(): bigint[] {
    return [...this.#busyIds, ...[...this.#targets.values()].flatMap((target) => target.queuedIds)];
  }

  /** Nothing is sent to it before then, whatever its health permits: a fault of ours. Milliseconds since 1970. */
  rest(untilMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, untilMs);
  }

  permission(nowMs: number): OriginPermission {
    const permission = originPermission(this.health, nowMs, this.fixedRate);
    if (this.#restsUntilMs <= nowMs) return permission;
    const untilMs = permission.kind === 'wait' ? Math.max(permission.untilMs, this.#restsUntilMs) : this.#restsUntilMs;
    return { kind: 'wait', untilMs };
  }

  /** Whether it waits so shortly that it is not worth giving back. */
  isWorthHolding(nowMs: number): boolean {
    const permission = this.permission(nowMs);
    return permission.kind === 'send' || (permission.untilMs - nowMs < HOLD_MS && this.queuedCount > 0);
  }

  /** When something that is queued may be sent that may not be now; Infinity without any. */
  wakeAtMs(nowMs: number): number {
    const permission = this.permission(nowMs);
    if (permission.kind === 'wait') return this.queuedCount > 0 ? permission.untilMs : Infinity;
    let wakeAtMs = Infinity;
    for (const target of this.#targets.values()) {
      const own = target.permission(nowMs);
      if (target.queuedCount > 0 && own.kind === 'wait') wakeAtMs = Math.min(wakeAtMs, own.untilMs);
    }
    return wakeAtMs;
  }

  /** What the next fetch wants of it; null when there is enough. */
  wanted(nowMs: number): Wanting | null {
    if (this.isLeaving || this.isLost || this.permission(nowMs).kind !== 'send') return null;
    let proven = 0;
    let doubtful = 0;
    const without = [...this.disabled];
    for (const target of this.#targets.values()) {
      const permission = target.permission(nowMs);
      const isNear = permission.kind === 'send' || (permission.kind === 'wait' && permission.untilMs - nowMs < HOLD_MS);
      if (permission.kind === 'send' && isProven(target.health)) proven += target.queuedCount;
      else if (permission.kind === 'send') doubtful += target.queuedCount;
      if (!isNear || target.queuedCount >= REFILL) without.push(target.urlHash);
    }
    if (proven >= REFILL) return null;
    const perTarget = Math.max(2, Math.ceil(FETCH / Math.max(1, this.#targetsInLine)));
    return { targets: FETCH, perTarget, isOnlyProven: doubtful >= REFILL, without };
  }

  /** Whether a fetch may find something that the last one did not. */
  isWorthFetching(monotonicMs: number, pollMs: number): boolean {
    return this.exhaustedAtMs === null || monotonicMs - this.exhaustedAtMs >= pollMs;
  }

  /** Takes in what a fetch found; true when that was all there is. */
  add(found: readonly DueTarget[], { targets, perTarget }: Wanting): boolean {
    for (const { urlHash, health, deliveries } of found) {
      const held = this.#targets.get(urlHash) ?? new HeldTarget(urlHash, health);
      if (held.health.breaker.kind === 'disabled') this.disabled.add(urlHash);
      else if (deliveries.length > 0) {
        held.add(deliveries);
        this.#targets.set(urlHash, held);
        this.emptyUrls.delete(urlHash);
      } else if (!this.#targets.has(urlHash)) this.emptyUrls.add(urlHash);
    }
    this.#targetsInLine = found.length;
    return found.length < targets && found.every(({ deliveries }) => deliveries.length < perTarget);
  }

  leave(): void {
    this.isLeaving = true;
    this.dropQueue();
  }

  dropQueue(): void {
    for (const target of this.#targets.values()) this.#dropQueueOf(target);
  }

  /**
   * Takes the next delivery that may be sent now, or null. An event goes to a URL only when the one before it, of the same
   * run, is settled. Call `answered` with it afterwards, and `ended` when its result is committed.
   */
  take(nowMs: number): Taken | null {
    if (this.isLost || this.#hasProbe) return null;
    const permission = this.permission(nowMs);
    if (permission.kind !== 'send' || this.#inFlightCount >= permission.slots) return null;
    if (this.#busyIds.size >= permission.slots * (1 + UNSETTLED_PER_SLOT)) return null;
    const roomForDoubt = Math.max(1, ORIGIN_SLOTS / 2) - this.#doubtfulCount();
    const candidates = permission.isProbe ? this.#byLastSuccess() : this.#targets.values();
    for (const target of candidates) {
      if (target.queuedCount === 0 || (roomForDoubt <= 0 && !isProven(target.health))) continue;
      const taken = this.#takeOf(target, nowMs, permission.isProbe);
      if (taken !== null) return taken;
    }
    return null;
  }

  /** The request is over and its slot free; the result is in the health already. */
  answered({ target, isTargetProbe, isOriginProbe }: Taken): void {
    this.#inFlightCount -= 1;
    target.answered(isTargetProbe);
    // Room for doubt: a fetch may have left them out.
    if (!isProven(target.health)) this.exhaustedAtMs = null;
    if (isOriginProbe) this.#hasProbe = false;
    if (target.health.breaker.kind === 'disabled') this.disabled.add(target.urlHash);
    if (target.health.breaker.kind !== 'closed') this.#dropQueueOf(target);
  }

  /** The result is committed, or given up. */
  ended({ delivery, target }: Taken): void {
    this.#busyIds.delete(delivery.deliveryId);
    target.ended(delivery);
    this.#forgetIfIdle(target);
  }

  /** A disabled URL whose queue can be ended: nothing of it is under way. */
  endable(): string | null {
    for (const urlHash of this.disabled) if (!this.#targets.has(urlHash)) return urlHash;
    return null;
  }

  /** Leaves to the ledger what has to wait for long. */
  dropWaiting(nowMs: number): void {
    for (const target of this.#targets.values()) {
      const permission = target.permission(nowMs);
      if (permission.kind === 'wait' && permission.untilMs - nowMs >= HOLD_MS) this.#dropQueueOf(target);
    }
  }

  #takeOf(target: HeldTarget, nowMs: number, isOriginProbe: boolean): Taken | null {
    const permission = target.permission(nowMs);
    if (permission.kind !== 'send' || target.hasProbe || target.inFlightCount >= permission.slots) return null;
    if (target.unendedCount >= permission.slots * (1 + UNSETTLED_PER_SLOT)) return null;
    const delivery = target.take(nowMs, permission.isProbe);
    if (delivery === null) return null;
    // To the end of the line.
    this.#targets.delete(target.urlHash);
    this.#targets.set(target.urlHash, target);
    this.#inFlightCount += 1;
    this.#busyIds.add(delivery.deliveryId);
    this.#hasProbe = isOriginProbe;
    this.health = onOriginSend(this.health, nowMs, this.fixedRate);
    this.sentCount += 1;
    return { delivery, target, sentAtMs: nowMs, isTargetProbe: permission.isProbe, isOriginProbe };
  }

  #doubtfulCount(): number {
    let count = 0;
    for (const target of this.#targets.values()) if (!isProven(target.health)) count += target.inFlightCount;
    return count;
  }

  #byLastSuccess(): HeldTarget[] {
    return [...this.#targets.values()].toSorted((a, b) => b.health.succeededAtMs - a.health.succeededAtMs);
  }

  #dropQueueOf(target: HeldTarget): void {
    if (target.queuedCount > 0) this.exhaustedAtMs = null;
    target.dropQueue();
    this.#forgetIfIdle(target);
  }

  /** What it knew is in the ledger. */
  #forgetIfIdle(target: HeldTarget): void {
    if (target.unendedCount === 0 && target.queuedCount === 0) this.#targets.delete(target.urlHash);
  }
}
