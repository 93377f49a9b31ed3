/**
 * Purpose   Delivery: leases endpoints with something due, sends to them, settles what came of it.
 * Parts     Leases: which endpoints are ours. HeldEndpoint: what is sent to one, URL by URL. Slots: whose turn it is.
 * Fairness  Endpoints are leased longest due first and given back after their turn while others may wait. Slots are capped by
 *           URL, origin, site and process, and go round; a hang uses up only its own.
 * I10       Nothing waits for an attempt but the slots of its own URL. An endpoint that cannot be fetched rests alone.
 * I11       While the database is away nothing new is sent once the leases may have run out, and no result is lost.
 * I14       A slot is free when its answer is there; results that wait for their commit are few (HeldEndpoint), so that
 *           a crash costs at most so many repeats, all under their old ids. A lease is kept until all are committed, but
 *           not by a loop that gets nowhere: somebody else shall have what it holds.
 */
import { OverrunError, RetryableError, ShuttingDown } from '@runlane/service-kit';
import { AddressGate } from './address-gate.ts';
import { ByteBudget } from './byte-budget.ts';
import type { DeliveryDependencies } from './delivery-needs.ts';
import { fetchDue } from './fetch-due.ts';
import type { HeldEndpoint, Taken } from './held-endpoint.ts';
import { Leases } from './leases.ts';
import { OwnFaults } from './own-faults.ts';
import type { AttemptResult } from './ports.ts';
import { sendOne } from './send-one.ts';
import { Slots } from './slots.ts';

/** Attempts, and time, after which an endpoint gives its lease back when there is no room for others. */
const SLICE = 200;
const TURN_MS = 2_000;
const RENEWALS_PER_LEASE = 6;
/** A loop that has not come round for so much of a lease does not renew it. */
const STALLED_SHARE = 1 / 3;
const END_AT_ONCE = 1_000;
const FAILURE_PAUSE_MS = 500;

export class WebhookDelivery {
  readonly #needs: DeliveryDependencies;
  readonly #leases: Leases;
  readonly #slots: Slots<Taken, HeldEndpoint>;
  readonly #addresses: AddressGate;
  readonly #ownFaults = new OwnFaults();
  readonly #attempts = new Set<Promise<void>>();
  readonly #bodyBytes: ByteBudget;
  readonly #abort = new AbortController();
  #isSending = true;
  #leaseAgainAtMs = 0;
  /** How often it was told that something may be due: what is told during a query, the query may have missed. */
  #hintCount = 0;
  #cameRoundAtMs: number;
  #problem: unknown = null;

  constructor(needs: DeliveryDependencies) {
    const { settings } = needs;
    this.#needs = needs;
    this.#cameRoundAtMs = needs.monotonicMs();
    this.#bodyBytes = new ByteBudget(settings.maxBodyBytes);
    this.#addresses = new AddressGate(settings.addressSlots);
    const process = (): number => this.#ownFaults.room(needs.monotonicMs(), settings.maxInFlight);
    this.#slots = new Slots(
      {
        get process() {
          return process();
        },
        site: settings.siteSlots,
      },
      ({ origin }) => this.#addresses.hasRoom(origin),
    );
    this.#leases = new Leases({
      ...needs,
      leaseMs: settings.leaseMs,
      maxInFlight: settings.maxInFlight,
      fixedRateOf: (origin) => settings.fixedRates.get(origin) ?? null,
      onHeld: (held) => this.#slots.add(held),
      onGone: (held) => this.#slots.remove(held),
    });
  }

  /** Requests in flight. */
  get inFlightCount(): number {
    return this.#slots.inUseCount;
  }

  get heldCount(): number {
    return this.#leases.size;
  }

  /** Milliseconds since the loop came round, while that fails for another reason than that the database is away; else 0. */
  get stalledForMs(): number {
    return this.#problem === null || !this.#isSending ? 0 : this.#needs.monotonicMs() - this.#cameRoundAtMs;
  }

  /** Leases and sends until `signal` aborts; then nothing new is sent. */
  async deliverUntil(signal: AbortSignal): Promise<void> {
    const { due, logger, monotonicMs } = this.#needs;
    while (!signal.aborted) {
      try {
        await this.#lease();
        await this.#fetch();
        if (this.#maySend()) this.#slots.fill(this.#leases.nowMs(), this.#start);
        await this.#endDisabled();
        await this.#letGo();
        this.#cameRoundAtMs = monotonicMs();
        this.#problem = null;
        await due.wait(this.#idleMs(), signal);
      } catch (error) {
        // That the database is away keeps nobody else from what this process holds, and its results wait for the leases.
        const isAway = error instanceof RetryableError && !(error instanceof OverrunError);
        if (isAway) this.#cameRoundAtMs = monotonicMs();
        this.#problem = isAway ? null : error;
        logger.warn({ err: error }, 'delivery.failed');
        await this.#needs.delay(FAILURE_PAUSE_MS, signal);
      }
    }
    this.#isSending = false;
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
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(() => grace.resolve(), graceMs);
    await Promise.race([this.#attemptsEnd(), grace.promise]);
    clearTimeout(timer);
    this.#abort.abort(new ShuttingDown());
    await this.#attemptsEnd();
    await this.#leases.release(this.#leases.all().map((held) => ({ held, notBeforeMs: 0 })));
  }

  /** Something may be due that was not: call it when deliveries were stored. */
  lookAgain(): void {
    this.#hintCount += 1;
    this.#leaseAgainAtMs = 0;
    for (const held of this.#leases.all()) held.exhaustedAtMs = null;
    this.#needs.due.notify();
  }

  async #attemptsEnd(): Promise<void> {
    while (this.#attempts.size > 0) await Promise.all(this.#attempts);
  }

  async #lease(): Promise<void> {
    const { settings, monotonicMs } = this.#needs;
    const startedMs = monotonicMs();
    const hints = this.#hintCount;
    if (this.#leases.room() <= 0 || startedMs < this.#leaseAgainAtMs) return;
    const wasAll = await this.#leases.lease();
    if (wasAll && hints === this.#hintCount) this.#leaseAgainAtMs = startedMs + settings.pollMs;
  }

  async #fetch(): Promise<void> {
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

  readonly #start = (held: HeldEndpoint, taken: Taken): void => {
    const attempt = this.#attempt(held, taken)
      .catch((error: unknown) => {
        const { deliveryId } = taken.delivery;
        this.#needs.logger.error({ err: error, delivery_id: String(deliveryId) }, 'webhook.settle_failed');
      })
      .finally(() => {
        this.#attempts.delete(attempt);
        held.ended(taken);
        this.#goOn(held, false);
      });
    this.#attempts.add(attempt);
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
    return this.#isSending && this.#leases.isLeased();
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
        wasFull = leaveAddress(result?.address ?? null) || this.#slots.isFull;
        if (result !== null) this.#noteFault(result);
        held.answered(taken);
        this.#slots.release(held);
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

  /** What fails for a reason of ours, fails for everybody: nothing more is tried for a while. */
  #noteFault(result: AttemptResult): void {
    const pauseMs = this.#ownFaults.note(result, this.#needs.monotonicMs());
    if (pauseMs === null || result.kind !== 'infrastructure') return;
    this.#needs.logger.error({ reason: result.message, pause_ms: pauseMs }, 'delivery.pauses_for_own_fault');
  }

  /** One batch of each endpoint and round, so that a long queue of a disabled URL holds up nobody. */
  async #endDisabled(): Promise<void> {
    const { ledger, due, logger } = this.#needs;
    for (const held of this.#leases.all()) {
      const urlHash = held.endable();
      if (urlHash === null) continue;
      const count = await ledger.endDisabled(held, urlHash, END_AT_ONCE);
      if (count < END_AT_ONCE) held.disabled.delete(urlHash);
      if (count > 0) logger.info({ origin: held.origin, url_hash: urlHash, count }, 'target.deliveries_ended');
      if (held.endable() !== null) due.notify();
    }
  }

  /** Gives back what has nothing to send now, and what has had its turn while others may wait. */
  async #letGo(): Promise<void> {
    const nowMs = this.#leases.nowMs();
    const monotonicMs = this.#needs.monotonicMs();
    const leaving: { held: HeldEndpoint; notBeforeMs: number }[] = [];
    for (const held of this.#leases.all()) {
      const hadItsTurn = held.sentCount >= SLICE || monotonicMs - held.heldSinceMs >= TURN_MS;
      if (hadItsTurn && this.#leases.isCrowded(held)) held.leave();
      if (held.unendedCount > 0 || held.endable() !== null) continue;
      const isDone = held.queuedCount === 0 && (held.isLeaving || held.exhaustedAtMs !== null);
      if (held.isWorthHolding(nowMs) && !isDone) continue;
      const permission = held.permission(nowMs);
      leaving.push({ held, notBeforeMs: permission.kind === 'wait' ? permission.untilMs - nowMs : 0 });
    }
    await this.#leases.release(leaving);
  }

  /** How long there is nothing to do, unless something is told: the next one whose pace or pause allows it, or a poll. */
  #idleMs(): number {
    const nowMs = this.#leases.nowMs();
    const wakeAtMs = Math.min(...this.#leases.all().map((held) => held.wakeAtMs(nowMs)));
    return Math.max(0, Math.min(this.#needs.settings.pollMs, wakeAtMs - nowMs));
  }
}
