/**
 * Purpose   The endpoints whose lease this process holds, and for how long it may count on that.
 * I11       While the database is away nothing new is sent once the leases may have run out.
 * I14       Results are written under the fencing token of the lease: a settlement after the lease was taken changes nothing.
 */
import type { Logger } from '@runlane/service-kit';
import { TARGET_SLOTS } from '../domain/target-health.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import type { DeliveryLedger } from './ports.ts';
import { slotsOfSlow } from './slots.ts';

export type LeaseDependencies = {
  ledger: Pick<DeliveryLedger, 'lease' | 'renew' | 'release'>;
  /** Identifies this process's leases. */
  owner: string;
  leaseMs: number;
  /** Requests in flight in this process: no more is leased than may be sent to. */
  maxInFlight: number;
  /** Requests per second that an origin may be sent at most; null for no such limit. */
  fixedRateOf: (origin: string) => number | null;
  now: () => Date;
  monotonicMs: () => number;
  onHeld: (held: HeldEndpoint) => void;
  /** Its lease is given back or lost. */
  onGone: (held: HeldEndpoint) => void;
  logger: Logger;
};

const LEASE_AT_ONCE = 64;
/** Endpoints of one site that are leased at once. */
export const SITE_LEASES = 8;
/** Receivers refuse what is signed more than five minutes before or after their own time. */
const SKEW_TO_WARN_MS = 60_000;
const WARN_EVERY_MS = 600_000;
/** The rest of a lease must cover the settlement of the longest attempt. */
const LEASE_SHARE = 0.8;

export class Leases {
  readonly #needs: LeaseDependencies;
  readonly #held = new Map<bigint, HeldEndpoint>();
  #leasedUntilMs = 0;
  /** What to add to the monotonic clock to get the database's, in milliseconds since 1970. */
  #clockOffsetMs: number;
  #warnedOfSkewAtMs = -Infinity;

  constructor(needs: LeaseDependencies) {
    this.#needs = needs;
    this.#clockOffsetMs = needs.now().getTime() - needs.monotonicMs();
  }

  get size(): number {
    return this.#held.size;
  }

  get(endpointId: bigint): HeldEndpoint | undefined {
    return this.#held.get(endpointId);
  }

  all(): HeldEndpoint[] {
    return [...this.#held.values()];
  }

  /** The database's clock, in milliseconds since 1970. */
  nowMs(): number {
    return this.#needs.monotonicMs() + this.#clockOffsetMs;
  }

  /** Whether the leases cannot have run out. */
  isLeased(): boolean {
    return this.#needs.monotonicMs() < this.#leasedUntilMs;
  }

  /** How many more endpoints may be leased. */
  room(): number {
    return this.#roomBeside(this.#reservedSlots());
  }

  #roomBeside({ quick, slow }: { quick: number; slow: number }): number {
    const { maxInFlight } = this.#needs;
    const reserved = quick + Math.min(slow, slotsOfSlow(maxInFlight));
    return Math.min(LEASE_AT_ONCE, maxInFlight - reserved, maxInFlight - this.#held.size);
  }

  /** Whether others wait for what this endpoint takes. */
  isCrowded(held: HeldEndpoint): boolean {
    const reserved = this.#reservedSlots();
    if (this.#roomBeside(reserved) <= 0) return true;
    const isSlow = !held.isQuick(this.nowMs());
    if (isSlow && reserved.slow > slotsOfSlow(this.#needs.maxInFlight)) return true;
    return this.all().filter(({ site }) => site === held.site).length >= SITE_LEASES;
  }

  /** Leases what is due; true when that was all there is. */
  async lease(): Promise<boolean> {
    const { ledger, owner, leaseMs, monotonicMs, fixedRateOf, onHeld } = this.#needs;
    const limit = this.room();
    if (limit <= 0) return false;
    const startedMs = monotonicMs();
    const { endpoints, nowMs } = await ledger.lease(owner, limit, leaseMs, SITE_LEASES, [...this.#held.keys()]);
    this.#setClock(nowMs);
    if (this.#held.size === 0) this.#leasedUntilMs = startedMs + leaseMs * LEASE_SHARE;
    for (const endpoint of endpoints) {
      const held = new HeldEndpoint(endpoint, { fixedRate: fixedRateOf(endpoint.origin), nowMs: startedMs });
      this.#held.set(endpoint.endpointId, held);
      onHeld(held);
    }
    return endpoints.length < limit;
  }

  async renew(): Promise<void> {
    const { ledger, owner, leaseMs, monotonicMs, logger } = this.#needs;
    const asked = this.all().filter(({ isLost }) => !isLost);
    if (asked.length === 0) return;
    const startedMs = monotonicMs();
    const { endpointIds, recalledIds, nowMs } = await ledger.renew(owner, asked, leaseMs);
    this.#setClock(nowMs);
    this.#leasedUntilMs = startedMs + leaseMs * LEASE_SHARE;
    for (const held of asked) {
      if (recalledIds.has(held.endpointId)) held.leave();
      if (endpointIds.has(held.endpointId) || this.#held.get(held.endpointId) !== held) continue;
      logger.warn({ origin: held.origin, fencing_token: String(held.fencingToken) }, 'lease.lost');
      this.#drop(held);
    }
  }

  /** Gives leases back. When that fails, they expire. */
  async release(leaving: readonly { held: HeldEndpoint; notBeforeMs: number }[]): Promise<void> {
    if (leaving.length === 0) return;
    for (const { held } of leaving) this.#drop(held);
    await this.#needs.ledger.release(
      leaving.map(({ held: { endpointId, fencingToken, health, emptyUrls }, notBeforeMs }) => ({
        endpointId,
        fencingToken,
        health,
        notBeforeMs,
        emptyUrls: [...emptyUrls],
      })),
    );
  }

  /** A request that is under way to it may end; its result is written only while nobody else has taken the lease. */
  #drop(held: HeldEndpoint): void {
    held.isLost = true;
    held.dropQueue();
    this.#held.delete(held.endpointId);
    this.#needs.onGone(held);
  }

  #setClock(databaseMs: number | null): void {
    if (databaseMs === null) return;
    const monotonicMs = this.#needs.monotonicMs();
    this.#clockOffsetMs = databaseMs - monotonicMs;
    // Requests are signed with the time of this machine, and nobody else notices that it is wrong.
    const skewMs = Math.round(this.#needs.now().getTime() - databaseMs);
    if (Math.abs(skewMs) < SKEW_TO_WARN_MS || monotonicMs - this.#warnedOfSkewAtMs < WARN_EVERY_MS) return;
    this.#warnedOfSkewAtMs = monotonicMs;
    this.#needs.logger.warn({ skew_ms: skewMs }, 'clock.differs_from_database');
  }

  /** Slots that the held endpoints are likely to use, quick and slow ones; never less than they use now. */
  #reservedSlots(): { quick: number; slow: number } {
    const nowMs = this.nowMs();
    const slots = { quick: 0, slow: 0 };
    for (const held of this.#held.values()) {
      const permission = held.permission(nowMs);
      const wanted = permission.kind === 'send' ? Math.min(permission.slots, TARGET_SLOTS) : 0;
      slots[held.isQuick(nowMs) ? 'quick' : 'slow'] += Math.max(wanted, held.inFlightCount, 1);
    }
    return slots;
  }
}
