/**
 * Purpose   Finds what is due: leases endpoints with something due, and fetches their deliveries.
 * Hints     A query may miss what a hint during it announces, so only a query without such a hint shows that there is no more.
 */
import type { DeliveryDependencies } from './delivery-needs.ts';
import { fetchDue } from './fetch-due.ts';
import type { Leases } from './leases.ts';
import type { StoredDelivery } from './ports.ts';

export type DueDependencies = Pick<DeliveryDependencies, 'ledger' | 'logger' | 'due' | 'monotonicMs' | 'settings'>;

export class DueQueue {
  readonly #needs: DueDependencies;
  readonly #leases: Leases;
  #leaseAgainAtMs = 0;
  /** How often something was announced as due at an endpoint that is not held. */
  #hintCount = 0;

  constructor(leases: Leases, needs: DueDependencies) {
    this.#leases = leases;
    this.#needs = needs;
  }

  /** Something may be due that was not. */
  lookAgain(): void {
    this.leaseAgain();
    for (const held of this.#leases.all()) held.hint();
  }

  /** Intake has stored deliveries: their endpoints have something to fetch, or to be leased for. */
  stored(deliveries: readonly StoredDelivery[]): void {
    for (const delivery of deliveries) {
      const held = this.#leases.get(delivery.endpointId);
      // One that leaves is leased again.
      if (held === undefined || held.isLeaving) this.leaseAgain();
      else held.stored(delivery);
    }
    this.#needs.due.notify();
  }

  /** Something may be due at an endpoint that is not held. */
  leaseAgain(): void {
    this.#hintCount += 1;
    this.#leaseAgainAtMs = 0;
    this.#needs.due.notify();
  }

  /** Leases endpoints, unless there is no room or the last look found none due. */
  async lease(): Promise<void> {
    const { settings, monotonicMs } = this.#needs;
    const startedMs = monotonicMs();
    const hints = this.#hintCount;
    if (this.#leases.room() <= 0 || startedMs < this.#leaseAgainAtMs) return;
    const wasAll = await this.#leases.lease();
    if (wasAll && hints === this.#hintCount) this.#leaseAgainAtMs = startedMs + settings.pollMs;
  }

  /** Fetches for the held endpoints that have too little to send. */
  async fetch(): Promise<void> {
    const { monotonicMs, settings, ledger, logger } = this.#needs;
    const beganMs = monotonicMs();
    const nowMs = this.#leases.nowMs();
    const wanting = this.#leases.all().flatMap((held) => {
      held.dropWaiting(nowMs);
      const wanted = held.isWorthFetching(beganMs, settings.pollMs) ? held.wanted(nowMs) : null;
      return wanted === null ? [] : [{ held, wanted }];
    });
    for (const { held } of wanting) held.isFetched();
    const byEndpoint = Map.groupBy(
      await fetchDue(wanting, { ledger, logger, nowMs: () => this.#leases.nowMs() }),
      ({ endpointId }) => endpointId,
    );
    for (const { held, wanted } of wanting) held.fetched(byEndpoint.get(held.endpointId) ?? [], wanted, beganMs);
  }

  /** How long there is nothing to do without a hint: until a pace or a pause allows the next request, or until the next poll. */
  idleMs(): number {
    const nowMs = this.#leases.nowMs();
    const wakeAtMs = Math.min(...this.#leases.all().map((held) => held.wakeAtMs(nowMs)));
    return Math.max(0, Math.min(this.#needs.settings.pollMs, wakeAtMs - nowMs));
  }
}
