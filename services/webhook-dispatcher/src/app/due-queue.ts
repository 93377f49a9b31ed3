/**
 * Purpose   Finds what is due: leases endpoints with something due, and fetches their deliveries.
 * Hints     A query may miss what a hint during it announces, so only a query without such a hint shows that there is no more.
 */
import type { DeliveryDependencies } from './delivery-needs.ts';
import { fetchDue } from './fetch-due.ts';
import type { Leases } from './leases.ts';
import type { StoredBatch } from './ports.ts';

export type DueDependencies = Pick<DeliveryDependencies, 'ledger' | 'logger' | 'due' | 'monotonicMs' | 'settings'>;

/** Of bodies in the queues, above which what is stored is left to a fetch. */
const MAX_STORED_BYTES = 16 * 1024 * 1024;

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
    this.#leaseAgain();
    for (const held of this.#leases.all()) held.hint();
    this.#needs.due.notify();
  }

  /**
   * Takes what intake has stored: what goes to a held endpoint is in memory, and needs no fetch. What finds no room here, or
   * is not for a held endpoint, is looked for.
   */
  takeStored({ deliveries, beforeCommitMs }: StoredBatch): void {
    const nowMs = this.#leases.nowMs();
    let room = MAX_STORED_BYTES - this.#leases.all().reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
    for (const { delivery, isNext } of deliveries) {
      const held = this.#leases.get(delivery.endpointId);
      // One that leaves is leased again.
      if (held === undefined || held.isLeaving) this.#leaseAgain();
      else if (!isNext) held.isFollowed(delivery);
      else if (room > 0 && held.takeStored(delivery, beforeCommitMs, nowMs)) room -= delivery.body?.length ?? 0;
      else held.hint();
    }
    this.#needs.due.notify();
  }

  #leaseAgain(): void {
    this.#hintCount += 1;
    this.#leaseAgainAtMs = 0;
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
    const times = { beganMs, endedMs: monotonicMs() };
    for (const { held, wanted } of wanting) held.fetched(byEndpoint.get(held.endpointId) ?? [], wanted, times);
  }

  /** How long there is nothing to do without a hint: until a pace or a pause allows the next request, or until the next poll. */
  idleMs(): number {
    const nowMs = this.#leases.nowMs();
    const wakeAtMs = Math.min(...this.#leases.all().map((held) => held.wakeAtMs(nowMs)));
    return Math.max(0, Math.min(this.#needs.settings.pollMs, wakeAtMs - nowMs));
  }
}
