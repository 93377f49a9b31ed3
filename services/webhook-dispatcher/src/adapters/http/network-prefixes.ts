import { nat64Prefixes } from '../../domain/nat64.ts';
import type { Nat64Prefix } from '../../domain/nat64.ts';
import type { HostLookup } from './host-lookup.ts';

const NAME = 'ipv4only.arpa';
/** Networks change seldom; after a failure the question is repeated sooner. */
const KEPT_MS = 3_600_000;
const RETRY_MS = 60_000;

/** The NAT64 prefixes of this machine's network (RFC 7050), as its resolver gives them. */
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

  /** The known prefixes. Waits only for the first answer, and asks again when the answer is old. Never rejects. */
  async current(): Promise<readonly Nat64Prefix[]> {
    const isFirst = this.#goodUntilMs === Number.NEGATIVE_INFINITY;
    if (this.#monotonicMs() >= this.#goodUntilMs) this.#asking ??= this.#ask();
    if (isFirst) await this.#asking;
    return this.#prefixes;
  }

  async #ask(): Promise<void> {
    const found = await this.#lookup.lookup(NAME);
    // While the resolver does not answer, its last answer counts.
    const isKnown = found.kind === 'addresses';
    if (isKnown) this.#prefixes = nat64Prefixes(found.addresses);
    this.#goodUntilMs = this.#monotonicMs() + (isKnown ? KEPT_MS : RETRY_MS);
    this.#asking = null;
  }
}
