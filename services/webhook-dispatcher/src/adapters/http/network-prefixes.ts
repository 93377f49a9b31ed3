import { nat64Prefixes } from '../../domain/nat64.ts';
import type { Nat64Prefix } from '../../domain/nat64.ts';
import type { HostLookup } from './host-lookup.ts';

const NAME = 'ipv4only.arpa';
/** Networks change seldom; an answer that could not be had is asked for again sooner. */
const KEPT_MS = 3_600_000;
const RETRY_MS = 60_000;

/** The NAT64 prefixes of the network that this machine is in (RFC 7050), as its resolver tells them. */
export class NetworkPrefixes {
  readonly #lookup: Pick<HostLookup, 'lookup'>;
  readonly #monotonicMs: () => number;
  #prefixes: readonly Nat64Prefix[] = [];
  #goodUntilMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(lookup: Pick<HostLookup, 'lookup'>, monotonicMs: () => number = () => performance.now()) {
    this.#lookup = lookup;
    this.#monotonicMs = monotonicMs;
  }

  /** Those that are known by now; waits for the first answer only, and asks anew when it is old. Never rejects. */
  async current(): Promise<readonly Nat64Prefix[]> {
    const isFirst = this.#goodUntilMs === Number.NEGATIVE_INFINITY;
    if (this.#monotonicMs() >= this.#goodUntilMs) this.#asking ??= this.#ask();
    if (isFirst) await this.#asking;
    return this.#prefixes;
  }

  async #ask(): Promise<void> {
    const found = await this.#lookup.lookup(NAME);
    // While the resolver does not answer, what it told before is the best that is known.
    const isKnown = found.kind === 'addresses';
    if (isKnown) this.#prefixes = nat64Prefixes(found.addresses);
    this.#goodUntilMs = this.#monotonicMs() + (isKnown ? KEPT_MS : RETRY_MS);
    this.#asking = null;
  }
}
