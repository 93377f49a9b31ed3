import { isOriginStillWell, originPermission } from '../domain/origin-health.ts';
import type { OriginHealth, OriginPermission } from '../domain/origin-health.ts';
import { WELL_UNWRITTEN_MS } from './held-target.ts';
import type { LeasedEndpoint } from './ports.ts';

/** The lease of an endpoint, and what its health and our own faults permit. */
export class LeasedOrigin {
  readonly endpointId: bigint;
  readonly fencingToken: bigint;
  readonly origin: string;
  readonly site: string;
  /** Requests per second that the operator allows; null for no such limit. */
  readonly fixedRate: number | null;
  health: OriginHealth;
  /** The lease was taken: nothing may be sent under it any more. */
  isLost = false;
  /** The last fetch found everything that is due, at that time of the monotonic clock; null when there may be more. */
  exhaustedAtMs: number | null = null;
  /** Its turn is over: nothing more is fetched for it, and it is given back when its attempts have ended. */
  isLeaving = false;
  /** Attempts begun under this lease. */
  sentCount = 0;
  /** When the lease was taken, by the monotonic clock. */
  readonly heldSinceMs: number;
  #restsUntilMs = 0;
  #writtenAtMs = 0;

  constructor(leased: LeasedEndpoint, { fixedRate, nowMs }: { fixedRate: number | null; nowMs: number }) {
    this.endpointId = leased.endpointId;
    this.fencingToken = leased.fencingToken;
    this.origin = leased.origin;
    this.site = leased.site;
    this.health = leased.health;
    this.fixedRate = fixedRate;
    this.heldSinceMs = nowMs;
  }

  /** Nothing is sent to it before this time, whatever its health permits, because of a fault of ours. Milliseconds since 1970. */
  rest(untilMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, untilMs);
  }

  /**
   * The health to be written after an answer; null when it is still good and was written not long ago. It is always written
   * when the lease is given back.
   *
   * @param before the health without the answer
   */
  toWrite(before: OriginHealth, nowMs: number): OriginHealth | null {
    if (isOriginStillWell(before, this.health) && nowMs - this.#writtenAtMs < WELL_UNWRITTEN_MS) return null;
    this.#writtenAtMs = nowMs;
    return this.health;
  }

  permission(nowMs: number): OriginPermission {
    const permission = originPermission(this.health, nowMs, this.fixedRate);
    if (this.#restsUntilMs <= nowMs) return permission;
    const untilMs = permission.kind === 'wait' ? Math.max(permission.untilMs, this.#restsUntilMs) : this.#restsUntilMs;
    return { kind: 'wait', untilMs };
  }

  /** Whether a fetch may find something that the last one did not find. */
  isWorthFetching(monotonicMs: number, pollMs: number): boolean {
    return this.exhaustedAtMs === null || monotonicMs - this.exhaustedAtMs >= pollMs;
  }
}
