/**
 * Purpose   Attempts under way: fills free slots with what may be sent, and with the next waiter when one is answered (I10).
 * I14       A slot is free when its answer has arrived; the result is kept until it is committed.
 */
import { ShuttingDown, waitOrAbort } from '@runlane/service-kit';
import { AddressGate } from './address-gate.ts';
import { ByteBudget } from './byte-budget.ts';
import type { DeliveryDependencies } from './delivery-needs.ts';
import type { HeldEndpoint } from './held-endpoint.ts';
import type { Taken } from './held-target.ts';
import type { Leases } from './leases.ts';
import { OwnFaults } from './own-faults.ts';
import type { AttemptResult } from './ports.ts';
import { sendOne } from './send-one.ts';
import { Slots } from './slots.ts';

export class Sending {
  readonly #needs: DeliveryDependencies;
  readonly #leases: Leases;
  readonly #slots: Slots<Taken, HeldEndpoint>;
  readonly #addresses: AddressGate;
  readonly #ownFaults = new OwnFaults();
  readonly #underWay = new Set<Promise<void>>();
  readonly #bodyBytes: ByteBudget;
  readonly #abort = new AbortController();
  #isEnding = false;

  constructor(needs: DeliveryDependencies, leases: Leases) {
    this.#needs = needs;
    this.#leases = leases;
    this.#bodyBytes = new ByteBudget(needs.settings.maxBodyBytes);
    this.#addresses = new AddressGate(needs.settings.addressSlots);
    const process = (): number => this.#ownFaults.room(needs.monotonicMs(), needs.settings.maxInFlight);
    this.#slots = new Slots(
      {
        get process() {
          return process();
        },
        site: needs.settings.siteSlots,
      },
      ({ origin }) => this.#addresses.hasRoom(origin),
    );
  }

  /** Requests in flight. */
  get inFlightCount(): number {
    return this.#slots.inUseCount;
  }

  /** The endpoint may be sent to at its turn. */
  add(held: HeldEndpoint): void {
    this.#slots.add(held);
  }

  remove(held: HeldEndpoint): void {
    this.#slots.remove(held);
  }

  /** Begins what may be sent now. */
  fill(): void {
    if (this.#maySend()) this.#slots.fill(this.#leases.nowMs(), this.#start);
  }

  /** Nothing new is sent from now on. */
  end(): void {
    this.#isEnding = true;
  }

  /** Lets attempts end for `graceMs`, and aborts the rest. Resolves when all their results are committed or given up. */
  async drain(graceMs: number): Promise<void> {
    const graceIsOver = new AbortController();
    await Promise.race([this.#allEnd(), waitOrAbort(graceMs, graceIsOver.signal)]);
    graceIsOver.abort();
    this.#abort.abort(new ShuttingDown());
    await this.#allEnd();
  }

  async #allEnd(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  readonly #start = (held: HeldEndpoint, taken: Taken): void => {
    const attempt = this.#attempt(held, taken)
      .catch((error: unknown) => {
        this.#needs.logger.error({ err: error, delivery_id: `${taken.delivery.deliveryId}` }, 'webhook.settle_failed');
      })
      .finally(() => {
        this.#underWay.delete(attempt);
        held.ended(taken);
        this.#goOn(held, false);
      });
    this.#underWay.add(attempt);
  };

  /** A slot came free, or the next event of a run may go. */
  #goOn(held: HeldEndpoint, wasFull: boolean): void {
    const nowMs = this.#leases.nowMs();
    if (this.#maySend()) {
      this.#slots.fillSite(held.site, nowMs, this.#start);
      // Others waited for a slot of the process.
      if (wasFull) this.#slots.fill(nowMs, this.#start);
    }
    if (held.unendedCount === 0 || held.wanted(nowMs) !== null) this.#needs.due.notify();
  }

  #maySend(): boolean {
    return !this.#isEnding && this.#leases.isLeased();
  }

  async #attempt(held: HeldEndpoint, taken: Taken): Promise<void> {
    const { settle, onAttempt, onDisabled, settings, monotonicMs } = this.#needs;
    const sending = {
      ...this.#needs,
      nowMs: () => this.#leases.nowMs(),
      retrySchedule: settings.retrySchedule,
      bodyBytes: this.#bodyBytes,
    };
    let wasFull = false;
    let result: AttemptResult | null = null;
    const leaveAddress = this.#addresses.enter(held.origin);
    const { attempted, settlement, disabledBecause } = await sendOne(held, taken, this.#abort.signal, sending)
      .then((sent) => {
        ({ result } = sent.attempted);
        return sent;
      })
      .finally(() => {
        wasFull = leaveAddress(result?.address ?? null) || this.#slots.isScarce;
        if (result !== null) this.#noteFault(result);
        held.answered(taken);
        this.#slots.release(held, taken);
      });
    const answeredMs = monotonicMs();
    const written = settle.settle(settlement);
    if (disabledBecause !== null) {
      onDisabled({ origin: held.origin, urlHash: settlement.urlHash, because: disabledBecause });
    }
    this.#goOn(held, wasFull);
    const settled = await written;
    const retryAfterMs = settlement.end.kind === 'retry' ? settlement.end.afterMs : null;
    const settleWaitMs = monotonicMs() - answeredMs;
    onAttempt({ delivery: taken.delivery, origin: held.origin, attempted, settled, settleWaitMs, retryAfterMs });
  }

  /** A failure of our own affects every receiver, so nothing is tried for a while. */
  #noteFault(result: AttemptResult): void {
    const pauseMs = this.#ownFaults.note(result, this.#needs.monotonicMs());
    if (pauseMs === null || result.kind !== 'infrastructure') return;
    this.#needs.logger.error({ reason: result.message, pause_ms: pauseMs }, 'delivery.pauses_for_own_fault');
  }
}
