import { isProven, TARGET_SLOTS } from '../domain/target-health.ts';
import { HeldTarget } from './held-target.ts';
import type { DueTarget } from './ports.ts';

/**
 * What a fetch wants of an endpoint: how many URLs, and how many deliveries of each. `isOnlyProven`: there are enough URLs
 * whose last attempt failed; they must not keep the others from being fetched.
 */
export type Wanting = { targets: number; perTarget: number; isOnlyProven: boolean; without: string[] };

/** Deliveries that wait longer than this stay in the ledger, because others need the memory. */
export const HOLD_MS = 2_000;
/** Deliveries fetched for an endpoint at once: enough to keep its slots busy over a round trip to the database. */
const FETCH = 8 * TARGET_SLOTS;
/** URLs of which nothing is left that stay in line until the lease is given back; a fetch meets them first. */
const MOST_EMPTY = 4;
/** When fewer are fetched and not begun, more are fetched. */
const REFILL = 2 * TARGET_SLOTS;

/** The URLs of a held endpoint of which something is queued or under way, in the order of their turns. */
export class HeldTargets {
  /** URLs that are disabled and may have due deliveries. */
  readonly disabled = new Set<string>();
  /** URLs that are in line and had nothing due. */
  readonly emptyUrls = new Set<string>();
  readonly #byUrl = new Map<string, HeldTarget>();
  #targetsInLine = 4;

  get queuedCount(): number {
    let count = 0;
    for (const target of this.#byUrl.values()) count += target.queuedCount;
    return count;
  }

  get queuedIds(): bigint[] {
    return [...this.#byUrl.values()].flatMap((target) => target.queuedIds);
  }

  /** Requests under way to URLs that have not answered 2xx since their last failure. */
  get doubtfulCount(): number {
    let count = 0;
    for (const target of this.#byUrl.values()) if (!isProven(target.health)) count += target.inFlightCount;
    return count;
  }

  inTurns(): Iterable<HeldTarget> {
    return this.#byUrl.values();
  }

  byLastSuccess(): HeldTarget[] {
    return [...this.#byUrl.values()].toSorted((a, b) => b.health.succeededAtMs - a.health.succeededAtMs);
  }

  /** To the end of the line. */
  hadItsTurn(target: HeldTarget): void {
    this.#byUrl.delete(target.urlHash);
    this.#byUrl.set(target.urlHash, target);
  }

  /** When the next queued delivery that may not be sent now may be sent; Infinity without one. */
  wakeAtMs(nowMs: number): number {
    let wakeAtMs = Infinity;
    for (const target of this.#byUrl.values()) {
      const own = target.permission(nowMs);
      if (target.queuedCount > 0 && own.kind === 'wait') wakeAtMs = Math.min(wakeAtMs, own.untilMs);
    }
    return wakeAtMs;
  }

  /** What the next fetch shall return; null when there is enough. */
  wanted(nowMs: number): Wanting | null {
    let proven = 0;
    let doubtful = 0;
    const without = [...this.disabled];
    for (const target of this.#byUrl.values()) {
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

  /** Takes what a fetch found; true when that was everything. */
  add(found: readonly DueTarget[], { targets, perTarget }: Wanting): boolean {
    for (const { urlHash, health, deliveries } of found) {
      const held = this.#byUrl.get(urlHash) ?? new HeldTarget(urlHash, health);
      if (held.health.breaker.kind === 'disabled') this.disabled.add(urlHash);
      else if (deliveries.length > 0) {
        held.add(deliveries);
        this.#byUrl.set(urlHash, held);
        this.emptyUrls.delete(urlHash);
      } else if (!this.#byUrl.has(urlHash) || held.isUnderfetched) this.emptyUrls.add(urlHash);
      held.isUnderfetched = deliveries.length >= perTarget;
    }
    this.#targetsInLine = found.length;
    return found.length < targets && found.every(({ deliveries }) => deliveries.length < perTarget);
  }

  /** Whether a URL stays in line although nothing of it is left: its place is computed when the lease is given back. */
  leaveEmpty(urlHash: string): boolean {
    if (!this.emptyUrls.has(urlHash) && this.emptyUrls.size >= MOST_EMPTY) return false;
    this.emptyUrls.add(urlHash);
    return true;
  }

  /** A disabled URL whose queue can be ended, because nothing of it is under way. */
  endable(): string | null {
    for (const urlHash of this.disabled) if (!this.#byUrl.has(urlHash)) return urlHash;
    return null;
  }

  /** The URLs that have to wait for long. */
  waitingLong(nowMs: number): HeldTarget[] {
    return [...this.#byUrl.values()].filter((target) => {
      const permission = target.permission(nowMs);
      return permission.kind === 'wait' && permission.untilMs - nowMs >= HOLD_MS;
    });
  }

  /** Drops its queue from memory, because the ledger has it; true when there was something. */
  dropQueueOf(target: HeldTarget): boolean {
    const hadQueue = target.queuedCount > 0;
    target.dropQueue();
    this.forgetIfIdle(target);
    return hadQueue;
  }

  /** The ledger has what it knew. */
  forgetIfIdle(target: HeldTarget): void {
    if (target.unendedCount === 0 && target.queuedCount === 0) this.#byUrl.delete(target.urlHash);
  }
}
