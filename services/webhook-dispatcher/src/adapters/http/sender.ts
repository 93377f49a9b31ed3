/**
 * Sends webhooks to any URL that a run named, without being a tool against third parties: policy before every connection,
 * one HTTP/1.1 request, no redirects, no decompression, deadlines that no bytes postpone.
 *
 * The status of a complete head is the outcome. What happens to the body afterwards changes nothing.
 */
import { parseRetryAfter } from '@runlane/webhooks';
import type { WebhookPolicy, WebhookTarget } from '@runlane/webhooks';
import { AddressSlots } from './address-slots.ts';
import { Attempt, DEFAULT_LIMITS } from './attempt.ts';
import type { AttemptLimits } from './attempt.ts';
import { classifyError } from './classify-error.ts';
import { takeSlot } from './connect-checked.ts';
import type { ConnectNeeds, KeepingLimits } from './connect-checked.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { Connection } from './connection.ts';
import { dialAddress } from './dial.ts';
import type { Dial } from './dial.ts';
import { HostLookup, createResolver } from './host-lookup.ts';
import { NetworkPrefixes } from './network-prefixes.ts';
import type { HostResolver } from './host-lookup.ts';
import type { AttemptOutcome, AttemptResult, WebhookRequest, WebhookSender } from '../../app/ports.ts';
import { exchange } from './exchange.ts';
import { excerptOf, instructionOf } from './read-answer.ts';
import { reservedHeader } from './request-headers.ts';
import { Stops } from './stops.ts';

export type SenderOptions = {
  policy: WebhookPolicy;
  /** Version of the service, for the user-agent. */
  version: string;
  /** RUNLANE_WEBHOOK_PROXY; null (default) to connect directly. */
  proxyUrl?: string | null;
  /** What the proxy is asked for: the address that was checked (default), or the name. */
  proxyBy?: 'address' | 'name';
  /** Attempts under way per resolved address. Default 16. */
  attemptsPerAddress?: number;
  limits?: Partial<AttemptLimits>;
  keeping?: Partial<KeepingLimits>;
  /** Default: {@link createResolver}. */
  resolver?: HostResolver;
  /** Opens the TCP connections that go to receivers. */
  dial?: Dial;
  /** PEM certificates to trust instead of Node's. */
  ca?: string[];
};

export function createWebhookSender(options: SenderOptions): WebhookSender {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const resolver = options.resolver ?? createResolver(limits.dnsMs);
  const lookup = new HostLookup(resolver, limits.dnsMs);
  const needs: ConnectNeeds = {
    policy: options.policy,
    lookup,
    prefixes: new NetworkPrefixes(lookup),
    slots: new AddressSlots(options.attemptsPerAddress ?? 16),
    dial: options.dial ?? dialAddress,
    limits,
    keeping: { ageMs: 60_000, requests: 1_000, idleMs: 4_000, idle: 512, ...options.keeping },
    proxy: options.proxyUrl === undefined || options.proxyUrl === null ? null : new URL(options.proxyUrl),
    proxyBy: options.proxyBy ?? 'address',
    ca: options.ca,
  };
  return new Sender(needs, `runlane-webhooks/${options.version}`);
}

class Sender implements WebhookSender {
  readonly #needs: ConnectNeeds;
  readonly #userAgent: string;
  readonly #pool: ConnectionPool;
  readonly #stops = new Stops();
  readonly #underWay = new Map<Promise<AttemptResult>, Attempt>();
  #isClosing = false;

  constructor(needs: ConnectNeeds, userAgent: string) {
    this.#needs = needs;
    this.#userAgent = userAgent;
    this.#pool = new ConnectionPool(needs);
  }

  async send(request: WebhookRequest, signal: AbortSignal): Promise<AttemptResult> {
    using attempt = new Attempt(this.#needs.limits);
    using _ = this.#stops.listen(signal, attempt);
    if (this.#isClosing) attempt.stop();
    const result = this.#attempt(request, attempt);
    this.#underWay.set(result, attempt);
    try {
      return await result;
    } finally {
      this.#underWay.delete(result);
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const attempt of this.#underWay.values()) attempt.stop();
    await Promise.all(this.#underWay.keys());
    this.#pool.close();
  }

  async #attempt(request: WebhookRequest, attempt: Attempt): Promise<AttemptResult> {
    const outcome = await this.#outcomeOf(request, attempt);
    return { timings: attempt.timings(), address: attempt.address, ...outcome };
  }

  async #outcomeOf(request: WebhookRequest, attempt: Attempt): Promise<AttemptOutcome> {
    const target = this.#needs.policy.judgeUrl(request.url);
    if (target.kind === 'refused') return { kind: 'blocked', code: target.code, message: target.message };
    const reserved = reservedHeader(request.headers);
    if (reserved !== null) {
      return { kind: 'blocked', code: 'reserved_header', message: `Webhooks cannot set the header ${reserved}.` };
    }
    const connection = request.isOnFreshConnection === true ? this.#pool.open(target) : this.#pool.take(target);
    connection.begin(attempt);
    try {
      return await this.#exchange(connection, target, request, attempt);
    } catch (error) {
      const failed = {
        hostname: target.hostname,
        isTls: target.url.startsWith('https:'),
        isFresh: attempt.hasConnected,
        hasReceived: connection.hasReceived(),
      };
      this.#pool.drop(connection);
      return classifyError(attempt.fault ?? error, failed);
    }
  }

  /** Thrown: AttemptFault, or an error of undici, when there was no complete head. */
  async #exchange(
    connection: Connection,
    target: WebhookTarget,
    request: WebhookRequest,
    attempt: Attempt,
  ): Promise<AttemptOutcome> {
    if (connection.address !== null) {
      attempt.hold(await takeSlot([connection.address], attempt, this.#needs));
      attempt.enter('headers');
    }
    if (attempt.fault !== null) throw attempt.fault;
    const headers = { ...request.headers, 'user-agent': this.#userAgent };
    const answer = await exchange(connection.client, { path: target.path, headers, body: request.body }, attempt);
    const { status, bytes } = answer;
    if (answer.isComplete && attempt.fault === null) this.#pool.keep(target, connection);
    else this.#pool.drop(connection);
    if (status > 599) {
      return { kind: 'failed', class: 'protocol', message: `${status} is no status of a final HTTP answer.` };
    }
    return {
      kind: 'response',
      status,
      retryAfterSeconds: parseRetryAfter(answer.headers['retry-after'], Date.now()),
      instruction: instructionOf(status, answer.headers),
      bodyBytes: bytes.length,
      bodyExcerpt: excerptOf(bytes, answer.headers, request),
    };
  }
}
