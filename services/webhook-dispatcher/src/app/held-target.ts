import { queueKey } from '../domain/intake-plan.ts';
import { isStillWell, onTargetSend, targetPermission } from '../domain/target-health.ts';
import type { TargetHealth, TargetPermission } from '../domain/target-health.ts';
import type { DueDelivery } from './ports.ts';

/**
 * Results for each slot that may wait for their commit while more is sent; at most these are repeated when the process dies.
 */
export const UNSETTLED_PER_SLOT = 3;

/**
 * How long a good health may stay unwritten, in milliseconds: writing it costs as much as a delivery, and after a crash some
 * seconds more or less of successes change no decision.
 */
export const WELL_UNWRITTEN_MS = 5_000;

/** A URL of a held endpoint, with its deliveries that are fetched or being sent. */
export class HeldTarget {
  readonly urlHash: string;
  health: TargetHealth;
  /** The breaker's probe is under way. */
  hasProbe = false;
  inFlightCount = 0;
  /** Answered, and not committed yet. */
  unsettledCount = 0;
  /** The last fetch returned as many as it asked for. */
  isUnderfetched = false;
  readonly #queue: DueDelivery[] = [];
  /**
   * When its health was last handed over to be written while more was due, in milliseconds since 1970; 0: the next time it
   * has to be written.
   */
  #writtenAtMs = 0;
  /** Runs with an event that is under way or not settled. Replays have an order of their own. */
  readonly #busyLanes = new Set<string>();

  constructor(urlHash: string, health: TargetHealth) {
    this.urlHash = urlHash;
    this.health = health;
  }

  get queuedCount(): number {
    return this.#queue.length;
  }

  get queuedIds(): bigint[] {
    return this.#queue.map(({ deliveryId }) => deliveryId);
  }

  get unendedCount(): number {
    return this.inFlightCount + this.unsettledCount;
  }

  /** Whether more is due than the request that was just answered: queued, under way, or left in the ledger by the last fetch. */
  get hasMore(): boolean {
    return this.#queue.length > 0 || this.inFlightCount > 1 || this.isUnderfetched;
  }

  /**
   * The health to be written after an answer; null when it is still good and in line, and was written not long ago.
   *
   * @param before the health without the answer
   */
  toWrite(before: TargetHealth, nowMs: number, staysInLine = this.hasMore): TargetHealth | null {
    const { health } = this;
    if (staysInLine && isStillWell(before, health) && nowMs - this.#writtenAtMs < WELL_UNWRITTEN_MS) return null;
    this.#writtenAtMs = staysInLine ? nowMs : 0;
    return health;
  }

  permission(nowMs: number): TargetPermission {
    return targetPermission(this.health, nowMs);
  }

  add(deliveries: readonly DueDelivery[]): void {
    this.#queue.push(...deliveries);
  }

  dropQueue(): void {
    this.#queue.length = 0;
  }

  /** The next delivery, from the first run without anything under way; null when there is none. */
  take(nowMs: number, isProbe: boolean): DueDelivery | null {
    const index = this.#queue.findIndex((delivery) => !this.#busyLanes.has(laneOf(delivery)));
    const [delivery] = index < 0 ? [] : this.#queue.splice(index, 1);
    if (delivery === undefined) return null;
    this.#busyLanes.add(laneOf(delivery));
    this.inFlightCount += 1;
    this.hasProbe = isProbe;
    this.health = onTargetSend(this.health, nowMs);
    return delivery;
  }

  answered(isProbe: boolean): void {
    this.inFlightCount -= 1;
    this.unsettledCount += 1;
    if (isProbe) this.hasProbe = false;
  }

  ended(delivery: DueDelivery): void {
    this.unsettledCount -= 1;
    this.#busyLanes.delete(laneOf(delivery));
  }
}

function laneOf(delivery: DueDelivery): string {
  return `${queueKey(delivery)} ${delivery.isReplay}`;
}

/** A delivery that is being sent; whether it is the probe of its URL's breaker, or of its origin's. */
export type Taken = {
  delivery: DueDelivery;
  target: HeldTarget;
  sentAtMs: number;
  isTargetProbe: boolean;
  isOriginProbe: boolean;
};
