import type { EndpointHealth, Permission } from '../domain/endpoint-health.ts';
import { onSend, permissionOf } from '../domain/endpoint-health.ts';
import { laneKey } from '../domain/intake-plan.ts';
import type { DueDelivery, LeasedEndpoint } from './ports.ts';

/** A delivery that is being sent; `isProbe`: it is the probe of an open breaker. */
export type Taken = { delivery: DueDelivery; isProbe: boolean };

/**
 * Deliveries of an endpoint whose results may wait for their commit, for each slot: so many more go on meanwhile, and
 * are repeated at most when the process dies.
 */
const UNSETTLED_PER_SLOT = 3;

/**
 * An endpoint whose lease this process holds, with the deliveries that it has fetched and those that it is sending.
 * Only the holder changes the health, so what is here is the truth, and what is in the ledger the last committed of it.
 */
export class HeldEndpoint {
  readonly endpointId: bigint;
  readonly fence: bigint;
  readonly origin: string;
  readonly site: string;
  health: EndpointHealth;
  /** The lease was taken: nothing may be sent under it any more. */
  isLost = false;
  /** The last fetch found everything that is due, at that time of the monotonic clock; null when there may be more. */
  exhaustedAtMs: number | null = null;
  /** Its turn is over: it fetches nothing more, and is given back when its attempts have ended. */
  isLeaving = false;
  /** Attempts begun under this lease. */
  sentCount = 0;
  readonly #queue: DueDelivery[] = [];
  readonly #inFlight = new Set<bigint>();
  readonly #unsettled = new Set<bigint>();
  /** Runs and URLs of which an event is under way or not settled. */
  readonly #busyLanes = new Set<string>();
  #hasProbe = false;
  #restsUntilMs = 0;

  constructor(leased: LeasedEndpoint) {
    this.endpointId = leased.endpointId;
    this.fence = leased.fence;
    this.origin = leased.origin;
    this.site = leased.site;
    this.health = leased.health;
  }

  /** Requests under way. */
  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Requests under way, and results that are not committed yet: while there are any, the lease is needed. */
  get unendedCount(): number {
    return this.#inFlight.size + this.#unsettled.size;
  }

  get queuedCount(): number {
    return this.#queue.length;
  }

  /** Ids that a fetch must not return again. */
  get busyIds(): bigint[] {
    return [...this.#inFlight, ...this.#unsettled, ...this.#queue.map(({ deliveryId }) => deliveryId)];
  }

  /** Nothing is sent to it before then, whatever its health permits: a fault of ours. Milliseconds since 1970. */
  rest(untilMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, untilMs);
  }

  permission(nowMs: number): Permission {
    const permission = permissionOf(this.health, nowMs);
    if (permission.kind === 'never' || this.#restsUntilMs <= nowMs) return permission;
    const untilMs = permission.kind === 'wait' ? Math.max(permission.untilMs, this.#restsUntilMs) : this.#restsUntilMs;
    return { kind: 'wait', untilMs };
  }

  add(deliveries: readonly DueDelivery[]): void {
    this.#queue.push(...deliveries);
  }

  leave(): void {
    this.isLeaving = true;
    this.dropQueue();
  }

  dropQueue(): void {
    this.#queue.length = 0;
  }

  /**
   * Takes the next delivery that may be sent now, or null. An event goes to a URL only when the one before it, of the same
   * run, is settled. Call `answered` with it afterwards, and `ended` when its result is committed.
   */
  take(nowMs: number): Taken | null {
    const permission = this.permission(nowMs);
    if (permission.kind !== 'send' || this.isLost || this.#hasProbe) return null;
    if (this.#inFlight.size >= permission.slots) return null;
    if (this.unendedCount >= permission.slots * (1 + UNSETTLED_PER_SLOT)) return null;
    const index = this.#queue.findIndex((delivery) => !this.#busyLanes.has(laneKey(delivery)));
    const [delivery] = index < 0 ? [] : this.#queue.splice(index, 1);
    if (delivery === undefined) return null;
    this.#inFlight.add(delivery.deliveryId);
    this.#busyLanes.add(laneKey(delivery));
    this.#hasProbe = permission.isProbe;
    this.health = onSend(this.health, nowMs);
    this.sentCount += 1;
    return { delivery, isProbe: permission.isProbe };
  }

  /** The request is over and its slot free; the result is in the health already. */
  answered({ delivery, isProbe }: Taken): void {
    this.#inFlight.delete(delivery.deliveryId);
    this.#unsettled.add(delivery.deliveryId);
    if (isProbe) this.#hasProbe = false;
  }

  /** The result is committed, or given up. */
  ended({ delivery }: Taken): void {
    this.#unsettled.delete(delivery.deliveryId);
    this.#busyLanes.delete(laneKey(delivery));
  }
}
