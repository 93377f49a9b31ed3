import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Wakeup } from '@runlane/service-kit';
import { eventually, silentLogger } from '@runlane/testkit';
import { LedgerWorld, targeted } from '../adapters/postgres/ledger-world.fixture.ts';
import { WebhookDelivery } from '../app/deliver-webhooks.ts';
import type { AttemptResult, WebhookRequest, WebhookSender } from '../app/ports.ts';
import { SettleQueue } from '../app/settle-attempts.ts';
import type { TargetedEvent } from '../domain/intake-plan.ts';
import { answered } from '../domain/outcomes.fixture.ts';

/** Longer than any test: what is seen earlier was not found by looking now and then. */
export const NEVER_MS = 3_600_000;

/** Bytes of large bodies in memory at once. */
export const BODY_BUDGET = 1_048_576;

type Answer = number | { status: number; retryAfterSeconds?: number; instruction?: 'disable' };
type UnderWay = { host: string; bytes: number; answer: (answer: Answer) => void };

class ScriptedSender implements WebhookSender {
  /** Hosts in the order in which they were sent to. */
  readonly sent: string[] = [];
  readonly underWay = new Set<UnderWay>();
  /** Most requests that were under way at once, by host; and to all of them. */
  readonly most = new Map<string, number>();
  mostInAll = 0;
  /** Most bytes of bodies that were under way at once. */
  mostBytes = 0;
  /** How many were under way with each, itself included. */
  readonly together: number[] = [];
  /** Status with which a host answers immediately; null: when the test says so. */
  script: (host: string, path: string) => Answer | null = () => 200;
  /** URLs in the order in which they were sent to. */
  readonly urls: string[] = [];

  /** Where a host is. Default: each at an address of its own. */
  addressOf: (host: string) => string | null = () => null;
  /** Nothing that is sent arrives, for a reason of ours. */
  isCutOff = false;
  /** Bytes of the bodies, in the same order. */
  readonly bodySizes: number[] = [];

  send({ url, body }: WebhookRequest, signal: AbortSignal): Promise<AttemptResult> {
    const { promise, resolve } = Promise.withResolvers<AttemptResult>();
    const { host, pathname } = new URL(url);
    const address = this.addressOf(host);
    const about = { timings: { totalMs: 1, dnsMs: null, connectMs: null, firstByteMs: 1 }, address };
    const end = (result: AttemptResult): void => {
      this.underWay.delete(request);
      resolve(result);
    };
    const request: UnderWay = {
      host,
      bytes: body.length,
      answer: (answer) =>
        end({
          ...about,
          kind: 'response',
          retryAfterSeconds: null,
          instruction: null,
          bodyBytes: 0,
          bodyExcerpt: null,
          ...(typeof answer === 'number' ? { status: answer } : answer),
        }),
    };
    this.sent.push(host);
    if (this.isCutOff) {
      setImmediate(() => end({ ...about, kind: 'infrastructure', message: 'The proxy is down.', isEverywhere: true }));
    }
    this.urls.push(url);
    this.bodySizes.push(body.length);
    this.underWay.add(request);
    this.most.set(host, Math.max(this.most.get(host) ?? 0, this.countOf(host)));
    this.together.push(this.underWay.size);
    this.mostInAll = Math.max(this.mostInAll, this.underWay.size);
    const bytes = [...this.underWay].reduce((sum, one) => sum + one.bytes, 0);
    this.mostBytes = Math.max(this.mostBytes, bytes);
    signal.addEventListener('abort', () => end({ ...about, kind: 'infrastructure', message: 'Aborted.' }));
    const answer = this.isCutOff ? null : this.script(host, pathname);
    if (answer !== null) setImmediate(() => request.answer(answer));
    return promise;
  }

  countOf(host: string): number {
    return [...this.underWay].filter((request) => request.host === host).length;
  }

  /** Answers everything that is under way to the host. */
  answer(host: string, status: number): void {
    for (const request of this.underWay) if (request.host === host) request.answer(status);
  }

  async close(): Promise<void> {
    for (const request of this.underWay) request.answer(500);
  }
}

/** The delivery loop on a ledger of its own, with a sender that the test speaks for. */
export class LoopWorld implements AsyncDisposable {
  readonly sender = new ScriptedSender();
  readonly ledger: LedgerWorld;
  readonly delivery: WebhookDelivery;
  /** Bodies that were read because their delivery had its slot; and the largest that came with a delivery. */
  bodiesRead = 0;
  mostFetchedBytes = 0;
  /** While it is not resolved, no result is committed. */
  commits: Promise<void> = Promise.resolve();
  /** Awaited before each fetch; what it throws, the fetch throws. */
  beforeFetch: (wanted: readonly { endpointId: bigint }[]) => Promise<void> = async () => undefined;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  private constructor(ledger: LedgerWorld, settings: { maxInFlight: number; pollMs: number; leaseMs: number }) {
    this.ledger = ledger;
    this.delivery = new WebhookDelivery({
      ledger: {
        ...ledger.deliveries,
        due: async (...about) => {
          await this.beforeFetch(about[0]);
          const targets = await ledger.deliveries.due(...about);
          const bodies = targets.flatMap(({ deliveries }) => deliveries.map(({ body }) => body?.length ?? 0));
          this.mostFetchedBytes = Math.max(this.mostFetchedBytes, ...bodies);
          return targets;
        },
        body: (eventId) => {
          this.bodiesRead += 1;
          return ledger.deliveries.body(eventId);
        },
      },
      settle: new SettleQueue({
        ledger: {
          settle: async (settlements) => {
            await this.commits;
            return ledger.deliveries.settle(settlements);
          },
        },
        delay: (ms) => sleep(ms),
        random: Math.random,
        logger: silentLogger,
      }),
      sender: this.sender,
      headers: () => ({}),
      owner: randomUUID(),
      due: new Wakeup(),
      now: () => new Date(),
      monotonicMs: () => performance.now(),
      random: Math.random,
      delay: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
      onAttempt: () => undefined,
      onDisabled: () => undefined,
      logger: silentLogger,
      settings: {
        ...settings,
        siteSlots: 8,
        addressSlots: 12,
        maxBodyBytes: BODY_BUDGET,
        retrySchedule: [600],
        fixedRates: new Map(),
      },
    });
  }

  static async create(
    databaseUrl: string,
    { maxInFlight = 64, pollMs = 50, leaseMs = 60_000 } = {},
  ): Promise<LoopWorld> {
    return new LoopWorld(await LedgerWorld.create(databaseUrl), { maxInFlight, pollMs, leaseMs });
  }

  start(): void {
    this.#loop = this.delivery.deliverUntil(this.#stop.signal);
  }

  /** Stores events and tells the loop, as intake does. */
  takeIn(events: readonly TargetedEvent[]): Promise<void> {
    return this.ledger.takeIn(events, { onStored: (stored) => this.delivery.stored(stored) });
  }

  /** Stores events for the hosts and tells the loop, as intake does. */
  async store(hosts: readonly string[], site?: string): Promise<void> {
    await this.takeIn(hosts.map((host) => targeted({ host, site: site ?? host })));
  }

  /** Stores events of so many bytes for the host and tells the loop. */
  async storeLarge(host: string, count: number, bytes: number): Promise<void> {
    const body = Buffer.alloc(bytes, 'x');
    await this.takeIn(repeated(host, count).map(() => targeted({ host, site: host, body })));
  }

  /** Stores events for the URLs, all of one origin, and tells the loop. */
  async storeUrls(urls: readonly string[]): Promise<void> {
    await this.takeIn(urls.map((url) => targeted({ url, host: new URL(url).host })));
  }

  /** What became of the deliveries of a URL, and how many. */
  async endsOf(url: string): Promise<Record<string, number>> {
    const { rows } = await this.ledger.pool.query<{ end: string; count: number }>(
      `select coalesce(dead_reason, state) as end, count(*)::integer from webhooks.deliveries where url = $1 group by 1`,
      [url],
    );
    return Object.fromEntries(rows.map(({ end, count }) => [end, count]));
  }

  /** Hosts that have answered 2xx before. */
  async trust(hosts: readonly string[], site?: string): Promise<void> {
    await this.ledger.takeIn(hosts.map((host) => targeted({ host, site: site ?? host })));
    for (const endpoint of await this.ledger.lease(randomUUID())) {
      for (const delivery of await this.ledger.due(endpoint))
        await this.ledger.settle(endpoint, delivery, answered(200));
      await this.ledger.release(endpoint);
    }
  }

  /** Resolves when so many deliveries are delivered. */
  async delivered(count: number, host = '%'): Promise<void> {
    let seen = 0;
    await eventually(
      async () => {
        const { rows } = await this.ledger.pool.query<{ count: number }>(
          `select count(*)::integer as count from webhooks.deliveries where state = 'delivered' and url like $1`,
          [`https://${host}/%`],
        );
        seen = rows[0]?.count ?? 0;
        return seen >= count;
      },
      { what: `${count} deliveries are delivered`, seen: () => [seen, this.sender.sent.length] },
    );
  }

  /** Resolves when the loop has served another origin several times over, with what was free for it. */
  async rounds(): Promise<void> {
    const host = `bystander-${randomUUID()}.example`;
    for (let round = 1; round <= 3; round += 1) {
      await this.store([host]);
      await this.delivered(round, host);
    }
  }

  /** Renews leases until the end, as the service does beside the loop. */
  renew(): void {
    void this.delivery.renewUntil(this.#stop.signal);
  }

  async drain(graceMs: number): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.delivery.drain(graceMs);
  }

  async leases(): Promise<{ origin: string; isOwned: boolean; isDue: boolean }[]> {
    const { rows } = await this.ledger.pool.query<{ origin: string; isOwned: boolean; isDue: boolean }>(
      `select origin, owner is not null as "isOwned", coalesce(next_due_at <= now(), false) as "isDue"
       from webhooks.endpoints order by origin`,
    );
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sender.close();
    await this.drain(0);
    await this.ledger[Symbol.asyncDispose]();
  }
}

export const repeated = (host: string, count: number): string[] => Array.from({ length: count }, () => host);
