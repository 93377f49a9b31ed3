/**
 * Purpose   Finds what is due: leases endpoints with something due, and fetches their deliveries.
 * Hints     A query may miss what a hint during it announces, so only a query without such a hint shows that there is no more.
 */
import type { DeliveryDependencies } from './delivery-needs.ts';
import { fetchDue } from './fetch-due.ts';
import type { Leases } from './leases.ts';

export type DueDependencies = Pick<DeliveryDependencies, 'ledger' | 'logger' | 'due' | 'monotonicMs' | 'settings'>;

export class DueQueue {
  readonly #needs: DueDependencies;
  readonly #leases: Leases;
  #leaseAgainAtMs = 0;
  /** How often something was announced as due. */
  #hintCount = 0;

  constructor(leases: Leases, needs: DueDependencies) {
    this.#leases = leases;
    this.#needs = needs;
  }

  /** Something may be due that was not. */
  lookAgain(): void {
    this.#hintCount += 1;
    this.#leaseAgainAtMs = 0;
    for (const held of this.#leases.all()) held.exhaustedAtMs = null;
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
    const startedMs = monotonicMs();
    const hints = this.#hintCount;
    const nowMs = this.#leases.nowMs();
    const wanting = this.#leases.all().flatMap((held) => {
      held.dropWaiting(nowMs);
      const wanted = held.isWorthFetching(startedMs, settings.pollMs) ? held.wanted(nowMs) : null;
      return wanted === null ? [] : [{ held, wanted }];
    });
    const byEndpoint = Map.groupBy(
      await fetchDue(wanting, { ledger, logger, nowMs: () => this.#leases.nowMs() }),
      ({ endpointId }) => endpointId,
    );
    for (const { held, wanted } of wanting) {
      const wasAll = !held.isLost && held.add(byEndpoint.get(held.endpointId) ?? [], wanted);
      held.exhaustedAtMs = wasAll && hints === this.#hintCount ? startedMs : null;
    }
  }

  /** How long there is nothing to do without a hint: until a pace or a pause allows the next request, or until the next poll. */
  idleMs(): number {
    const nowMs = this.#leases.nowMs();
    const wakeAtMs = Math.min(...this.#leases.all().map((held) => held.wakeAtMs(nowMs)));
    return Math.max(0, Math.min(this.#needs.settings.pollMs, wakeAtMs - nowMs));
  }
}
