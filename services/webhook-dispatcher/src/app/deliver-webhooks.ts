/**
 * Purpose   Delivery: leases endpoints with something due, sends to them, settles what came of it.
 * Owns      The endpoints that it leased, until it releases them or somebody takes them.
 * Fairness  Endpoints are leased longest due first and given back after a slice while others may wait, so a long queue
 *           takes its turns. Slots are capped by origin (its health), site and process; a hang uses up only its own.
 * I10       Nothing waits for an attempt but the slots of its own endpoint.
 * I11       While the database is away nothing new is sent once the leases may have run out, and no result is lost.
 * I14       A slot is free when its answer is there; results that wait for their commit are few (HeldEndpoint), so that
 *           a crash costs at most so many repeats, all under their old ids. A lease is kept until all are committed. What a
 *           frozen process writes under a taken lease changes nothing.
 */
import type { Logger, Wakeup } from '@runlane/service-kit';
import { ShuttingDown } from '@runlane/service-kit';
import { decideDelivery } from '../domain/attempt-decision.ts';
import { ORIGIN_SLOTS, afterAttempt } from '../domain/endpoint-health.ts';
import { attemptDelivery, endOf } from './attempt-delivery.ts';
import type { AttemptDependencies, Attempted } from './attempt-delivery.ts';
import { HeldEndpoint } from './held-endpoint.ts';
import type { Taken } from './held-endpoint.ts';
import type { DeliveryLedger, DueDelivery, Settlement, SettleResult } from './ports.ts';
import type { SettleQueue } from './settle-attempts.ts';

/** Requests in flight to one site (registrable domain, or address), over all of its origins. */
const SITE_SLOTS = 8;

export type DeliverySettings = {
  /** Requests in flight in this process. */
  maxInFlight: number;
  leaseMs: number;
  /** Seconds before attempts 2, 3, …. */
  retrySchedule: readonly number[];
  /** Longest wait before due deliveries are looked for without having been told, in milliseconds. */
  pollMs: number;
};

export type DeliveryDependencies = AttemptDependencies & {
  ledger: DeliveryLedger;
  settle: SettleQueue;
  /** Identifies this process's leases. */
  owner: string;
  /** Wakes the loop when deliveries may be due. */
  due: Wakeup;
  monotonicMs: () => number;
  random: () => number;
  onAttempt: (report: AttemptReport) => void;
  onDisabled: (origin: string, endedCount: number) => void;
  logger: Logger;
  settings: DeliverySettings;
};

export type AttemptReport = {
  delivery: DueDelivery;
  origin: string;
  attempted: Attempted;
  settled: SettleResult;
};

/** Deliveries fetched for an endpoint at once: enough to keep its slots busy over a round trip to the database. */
const FETCH = 8 * ORIGIN_SLOTS;
/** With fewer fetched and not begun, more are fetched. */
const REFILL = 2 * ORIGIN_SLOTS;
const LEASE_AT_ONCE = 64;
/** Attempts after which an endpoint gives its lease back when there is no room for others. */
const SLICE = 200;
/** What is left of a lease must cover the longest attempt's settlement. */
const LEASE_SHARE = 0.8;
const RENEWALS_PER_LEASE = 6;
const INFRASTRUCTURE_REST_MS = 5_000;
const END_AT_ONCE = 1_000;
const FAILURE_PAUSE_MS = 500;
/** How long endpoints of a site wait that has no slots for them. */
const CROWDED_SITE_REST_MS = 1_000;

export class WebhookDelivery {
  readonly #needs: DeliveryDependencies;
  readonly #held = new Map<bigint, HeldEndpoint>();
  readonly #siteInFlight = new Map<string, number>();
  readonly #attempts = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #inFlightCount = 0;
  #isSending = true;
  #leasedUntilMs = 0;
  #leaseAgainAtMs = 0;
  /** What to add to the monotonic clock to get the database's, in milliseconds since 1970. */
  #clockOffsetMs: number;

  constructor(needs: DeliveryDependencies) {
    this.#needs = needs;
    this.#clockOffsetMs = needs.now().getTime() - needs.monotonicMs();
  }

  /** Requests in flight. */
  get inFlightCount(): number {
    return this.#inFlightCount;
  }

  get heldCount(): number {
    return this.#held.size;
  }

  /** Leases and sends until `signal` aborts; then nothing new is sent. */
  async deliverUntil(signal: AbortSignal): Promise<void> {
    const { due, settings, logger } = this.#needs;
    while (!signal.aborted) {
      try {
        await this.#lease();
        await this.#fetch();
        this.#startAll();
        await this.#letGo();
        await due.wait(settings.pollMs, signal);
      } catch (error) {
        logger.warn({ err: error }, 'delivery.failed');
        await this.#needs.delay(FAILURE_PAUSE_MS, signal);
      }
    }
    this.#isSending = false;
  }

  /** Renews the leases until `signal` aborts. */
  async renewUntil(signal: AbortSignal): Promise<void> {
    const { settings, delay, logger } = this.#needs;
    while (!signal.aborted) {
      await delay(settings.leaseMs / RENEWALS_PER_LEASE, signal);
      try {
        await this.#renew();
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
    await this.#release([...this.#held.values()].map((held) => ({ held, notBeforeMs: 0 })));
  }

  /** Something may be due that was not: call it when deliveries were stored. */
  lookAgain(): void {
    this.#leaseAgainAtMs = 0;
    for (const held of this.#held.values()) held.exhaustedAtMs = null;
    this.#needs.due.notify();
  }

  async #attemptsEnd(): Promise<void> {
    while (this.#attempts.size > 0) await Promise.all(this.#attempts);
  }

  #nowMs(): number {
    return this.#needs.monotonicMs() + this.#clockOffsetMs;
  }

  #setClock(databaseMs: number | null): void {
    if (databaseMs !== null) this.#clockOffsetMs = databaseMs - this.#needs.monotonicMs();
  }

  /** Whether the leases cannot have run out. */
  #isLeased(): boolean {
    return this.#needs.monotonicMs() < this.#leasedUntilMs;
  }

  async #lease(): Promise<void> {
    const { ledger, owner, settings, monotonicMs } = this.#needs;
    const limit = Math.min(LEASE_AT_ONCE, settings.maxInFlight - this.#reservedSlots());
    const startedMs = monotonicMs();
    if (limit <= 0 || startedMs < this.#leaseAgainAtMs) return;
    const { endpoints, nowMs } = await ledger.lease(owner, limit, settings.leaseMs, SITE_SLOTS);
    this.#setClock(nowMs);
    if (endpoints.length < limit) this.#leaseAgainAtMs = startedMs + settings.pollMs;
    if (this.#held.size === 0) this.#leasedUntilMs = startedMs + settings.leaseMs * LEASE_SHARE;
    for (const endpoint of endpoints) this.#held.set(endpoint.endpointId, new HeldEndpoint(endpoint));
    const crowding = [...Map.groupBy(this.#held.values(), ({ site }) => site).values()].flatMap((ofSite) =>
      ofSite.slice(SITE_SLOTS).filter(({ unendedCount }) => unendedCount === 0),
    );
    await this.#release(crowding.map((held) => ({ held, notBeforeMs: CROWDED_SITE_REST_MS })));
  }

  /** Slots that the held endpoints may take; never less than what they take. */
  #reservedSlots(): number {
    let slots = 0;
    for (const held of this.#held.values()) {
      const permission = held.permission(this.#nowMs());
      slots += Math.max(permission.kind === 'send' ? permission.slots : 0, held.inFlightCount, 1);
    }
    return slots;
  }

  async #renew(): Promise<void> {
    const { ledger, owner, settings, monotonicMs, logger } = this.#needs;
    const asked = [...this.#held.values()].filter(({ isLost }) => !isLost);
    if (asked.length === 0) return;
    const startedMs = monotonicMs();
    const { endpointIds, nowMs } = await ledger.renew(owner, asked, settings.leaseMs);
    this.#setClock(nowMs);
    this.#leasedUntilMs = startedMs + settings.leaseMs * LEASE_SHARE;
    for (const held of asked) {
      if (endpointIds.has(held.endpointId) || this.#held.get(held.endpointId) !== held) continue;
      logger.warn({ origin: held.origin, fence: String(held.fence) }, 'lease.lost');
      this.#lose(held);
    }
  }

  /** What is under way to it may end; its result is written by nobody. */
  #lose(held: HeldEndpoint): void {
    held.isLost = true;
    held.dropQueue();
    this.#held.delete(held.endpointId);
  }

  async #fetch(): Promise<void> {
    const { ledger, monotonicMs, settings } = this.#needs;
    const startedMs = monotonicMs();
    const wanting = [...this.#held.values()].filter(
      (held) =>
        held.queuedCount < REFILL &&
        !held.isLeaving &&
        (held.exhaustedAtMs === null || startedMs - held.exhaustedAtMs >= settings.pollMs) &&
        held.permission(this.#nowMs()).kind === 'send',
    );
    if (wanting.length === 0) return;
    const found = await ledger.due(
      wanting.map(({ endpointId }) => ({ endpointId, limit: FETCH })),
      wanting.flatMap(({ busyIds }) => busyIds),
    );
    const byEndpoint = Map.groupBy(found, ({ endpointId }) => endpointId);
    for (const held of wanting) {
      const deliveries = byEndpoint.get(held.endpointId) ?? [];
      if (!held.isLost) held.add(deliveries);
      held.exhaustedAtMs = deliveries.length < FETCH ? startedMs : null;
    }
  }

  #startAll(): void {
    for (const held of this.#held.values()) this.#start(held);
  }

  /** Starts what may be sent to the endpoint now. */
  #start(held: HeldEndpoint): void {
    const { maxInFlight } = this.#needs.settings;
    while (this.#isSending && this.#isLeased() && this.#inFlightCount < maxInFlight) {
      const siteInFlight = this.#siteInFlight.get(held.site) ?? 0;
      const taken = siteInFlight < SITE_SLOTS ? held.take(this.#nowMs()) : null;
      if (taken === null) return;
      this.#inFlightCount += 1;
      this.#siteInFlight.set(held.site, siteInFlight + 1);
      const attempt = this.#attempt(held, taken)
        .catch((error: unknown) => {
          const { deliveryId } = taken.delivery;
          this.#needs.logger.error({ err: error, delivery_id: String(deliveryId) }, 'webhook.settle_failed');
        })
        .finally(() => {
          this.#attempts.delete(attempt);
          held.ended(taken);
          this.#goOn(held);
        });
      this.#attempts.add(attempt);
    }
  }

  /** The request is over: its slots are free for others, before its result is written. */
  #answered(held: HeldEndpoint, taken: Taken): void {
    held.answered(taken);
    this.#inFlightCount -= 1;
    const siteInFlight = (this.#siteInFlight.get(held.site) ?? 1) - 1;
    if (siteInFlight === 0) this.#siteInFlight.delete(held.site);
    else this.#siteInFlight.set(held.site, siteInFlight);
  }

  #goOn(held: HeldEndpoint): void {
    this.#start(held);
    if (held.queuedCount < REFILL) this.#needs.due.notify();
  }

  async #attempt(held: HeldEndpoint, taken: Taken): Promise<void> {
    const { settle, onAttempt } = this.#needs;
    const { attempted, settlement } = await this.#send(held, taken).finally(() => this.#answered(held, taken));
    const written = settle.settle(settlement);
    this.#goOn(held);
    const settled = await written;
    onAttempt({ delivery: taken.delivery, origin: held.origin, attempted, settled });
  }

  /** Sends, takes the answer into the health, and says what is to be written. */
  async #send(
    held: HeldEndpoint,
    { delivery, isProbe }: Taken,
  ): Promise<{ attempted: Attempted; settlement: Settlement }> {
    const { settings, random } = this.#needs;
    const about = { origin: held.origin, isTrusted: held.health.hasSucceeded };
    const attempted = await attemptDelivery(delivery, about, this.#abort.signal, this.#needs);
    const { result, attempts } = attempted;
    const decision = decideDelivery(delivery, result, settings.retrySchedule, random());
    const nowMs = this.#nowMs();
    held.health = afterAttempt(held.health, result, { nowMs, isReplay: delivery.isReplay, isProbe });
    if (result.kind === 'infrastructure') held.rest(nowMs + INFRASTRUCTURE_REST_MS);
    const settlement: Settlement = {
      endpointId: held.endpointId,
      fence: held.fence,
      deliveryId: delivery.deliveryId,
      end: endOf(decision, result, this.#abort.signal.aborted),
      isCharged: decision.kind === 'delivered' || decision.isCharged,
      attempts,
      health: held.health,
    };
    return { attempted, settlement };
  }

  /** Gives back what has nothing to send now, and what has had its turn while others may wait. */
  async #letGo(): Promise<void> {
    const isCrowded = this.#needs.settings.maxInFlight - this.#reservedSlots() <= 0;
    const leaving: { held: HeldEndpoint; notBeforeMs: number }[] = [];
    for (const held of this.#held.values()) {
      if (isCrowded && held.sentCount >= SLICE) held.leave();
      if (held.unendedCount > 0) continue;
      const permission = held.permission(this.#nowMs());
      if (permission.kind === 'never') await this.#endDisabled(held);
      const isDone = held.queuedCount === 0 && (held.isLeaving || held.exhaustedAtMs !== null);
      if (permission.kind === 'send' && !isDone) continue;
      const notBeforeMs = permission.kind === 'wait' ? permission.untilMs - this.#nowMs() : 0;
      leaving.push({ held, notBeforeMs });
    }
    await this.#release(leaving);
  }

  async #endDisabled(held: HeldEndpoint): Promise<void> {
    const { ledger, onDisabled } = this.#needs;
    let endedCount = 0;
    for (;;) {
      const count = await ledger.endDisabled(held, END_AT_ONCE);
      endedCount += count;
      if (count < END_AT_ONCE) break;
    }
    onDisabled(held.origin, endedCount);
  }

  async #release(leaving: readonly { held: HeldEndpoint; notBeforeMs: number }[]): Promise<void> {
    if (leaving.length === 0) return;
    for (const { held } of leaving) {
      held.isLost = true;
      held.dropQueue();
    }
    // When this fails, the leases run out by themselves.
    for (const { held } of leaving) this.#held.delete(held.endpointId);
    await this.#needs.ledger.release(
      leaving.map(({ held: { endpointId, fence, health }, notBeforeMs }) => ({
        endpointId,
        fence,
        health,
        notBeforeMs,
      })),
    );
  }
}
