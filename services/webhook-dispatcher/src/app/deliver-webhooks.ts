/**
 * Purpose   Delivery: leases endpoints with something due, sends to them, and settles the results.
 * Parts     Leases: the endpoints of this process. DueQueue: what is due at them. HeldEndpoint: what is sent to one, URL by
 *           URL. Sending: attempts under way. Slots: whose turn it is. give-back: which endpoints have had their turn.
 * Fairness  Endpoints are leased longest due first, and given back after their turn if others may wait. Slots are limited by
 *           URL, origin, site and process, and are given in turns; a receiver that hangs uses up only its own.
 * I10       An attempt delays only the slots of its own URL. An endpoint that cannot be fetched rests alone.
 * I11       While the database is away nothing new is sent once the leases may have run out, and no result is lost.
 * I14       A slot is free when its answer is there; results that wait for their commit are few (HeldEndpoint), so that
 * a crash costs at most so many repeats, all under their old ids. A lease is kept until all are committed, but not by a loop
 *           without progress: others shall get what it holds.
 */
import { OverrunError, RetryableError } from '@runlane/service-kit';
import type { DeliveryDependencies } from './delivery-needs.ts';
import { DueQueue } from './due-queue.ts';
import { endDisabled, letGo } from './give-back.ts';
import { Leases } from './leases.ts';
import type { StoredDelivery } from './ports.ts';
import { Sending } from './sending.ts';

const RENEWALS_PER_LEASE = 6;
/** A loop that has made no round for this share of a lease does not renew it. */
const STALLED_SHARE = 1 / 3;
const FAILURE_PAUSE_MS = 500;

export class WebhookDelivery {
  readonly #needs: DeliveryDependencies;
  readonly #leases: Leases;
  readonly #due: DueQueue;
  readonly #sending: Sending;
  #isSending = true;
  #cameRoundAtMs: number;
  #problem: unknown = null;

  constructor(needs: DeliveryDependencies) {
    const { settings } = needs;
    this.#needs = needs;
    this.#cameRoundAtMs = needs.monotonicMs();
    this.#leases = new Leases({
      ...needs,
      leaseMs: settings.leaseMs,
      maxInFlight: settings.maxInFlight,
      fixedRateOf: (origin) => settings.fixedRates.get(origin) ?? null,
      onHeld: (held) => this.#sending.add(held),
      onGone: (held) => this.#sending.remove(held),
    });
    this.#sending = new Sending(needs, this.#leases);
    this.#due = new DueQueue(this.#leases, needs);
  }

  /** Requests in flight. */
  get inFlightCount(): number {
    return this.#sending.inFlightCount;
  }

  get heldCount(): number {
    return this.#leases.size;
  }

  /** Milliseconds since the loop's last round, or since it found the database away; 0 after it was told to stop. */
  get stalledForMs(): number {
    return this.#isSending ? this.#needs.monotonicMs() - this.#cameRoundAtMs : 0;
  }

  /** Leases and sends until `signal` aborts; then nothing new is sent. */
  async deliverUntil(signal: AbortSignal): Promise<void> {
    const { due, logger, monotonicMs } = this.#needs;
    while (!signal.aborted) {
      try {
        await this.#due.lease();
        await this.#due.fetch();
        this.#sending.fill();
        await endDisabled(this.#leases, this.#needs);
        if (await letGo(this.#leases, monotonicMs())) this.#due.leaseAgain();
        this.#cameRoundAtMs = monotonicMs();
        this.#problem = null;
        await due.wait(this.#due.idleMs(), signal);
      } catch (error) {
        // An outage of the database is no reason to give up the leases: no other process could take them, and the results
        // need them.
        const isAway = error instanceof RetryableError && !(error instanceof OverrunError);
        if (isAway) this.#cameRoundAtMs = monotonicMs();
        this.#problem = isAway ? null : error;
        logger.warn({ err: error }, 'delivery.failed');
        await this.#needs.delay(FAILURE_PAUSE_MS, signal);
      }
    }
    this.#isSending = false;
    this.#sending.end();
  }

  /** Renews the leases until `signal` aborts. */
  async renewUntil(signal: AbortSignal): Promise<void> {
    const { settings, delay, logger, monotonicMs } = this.#needs;
    while (!signal.aborted) {
      await delay(settings.leaseMs / RENEWALS_PER_LEASE, signal);
      try {
        const roundMs = this.#isSending ? monotonicMs() - this.#cameRoundAtMs : 0;
        if (roundMs <= settings.leaseMs * STALLED_SHARE) {
          await this.#leases.renew();
        } else if (this.#leases.size > 0) {
          logger.error({ err: this.#problem, round_ms: Math.round(roundMs) }, 'delivery.stalled');
          await this.#leases.release(this.#leases.all().map((held) => ({ held, notBeforeMs: 0 })));
        }
      } catch (error) {
        logger.warn({ err: error }, 'lease.renewal_failed');
      }
    }
  }

  /**
   * Lets attempts end for `graceMs`, aborts the rest, and gives all leases back. Call it after `deliverUntil` has ended
   * and before `renewUntil` does.
   */
  async drain(graceMs: number): Promise<void> {
    await this.#sending.drain(graceMs);
    await this.#leases.release(this.#leases.all().map((held) => ({ held, notBeforeMs: 0 })));
  }

  /** Call this when intake has stored deliveries. */
  stored(deliveries: readonly StoredDelivery[]): void {
    this.#due.stored(deliveries);
  }

  /** Call this when something else may have come due. */
  lookAgain(): void {
    this.#due.lookAgain();
  }
}
