import { Resolver } from 'node:dns/promises';
import { errorCode } from './attempt-fault.ts';

/** What is used of c-ares: the `Resolver` of `node:dns/promises`. It ignores the hosts file and search domains. */
export type HostResolver = {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
  resolveNs(name: string): Promise<string[]>;
};

export type Lookup =
  | { kind: 'addresses'; addresses: string[] }
  | { kind: 'failed'; message: string }
  /** The resolver answers no question: a fault of ours. */
  | { kind: 'resolver_down'; message: string };

/** No receiver has more addresses. All addresses have to be checked, so none can be left out. */
const MAX_ADDRESSES = 16;
/** An answer of any kind within this time shows that the resolver works. */
const RECENT_MS = 10_000;
const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA']);

type Family = { addresses: string[]; code: string | null };

/**
 * c-ares with the system's servers. Each asks over UDP, where a packet may be lost: after an eighth of the time it asks again,
 * and waits twice as long from one time to the next.
 */
export function createResolver(timeoutMs: number): Resolver {
  return new Resolver({ timeout: Math.ceil(timeoutMs / 8), tries: 3 });
}

/**
 * Looks names up, both families at the same time, and distinguishes a name without an answer from a resolver that does not
 * work.
 */
export class HostLookup {
  readonly #resolver: HostResolver;
  readonly #timeoutMs: number;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #probe: Promise<boolean> | null = null;

  constructor(resolver: HostResolver, timeoutMs: number) {
    this.#resolver = resolver;
    this.#timeoutMs = timeoutMs;
  }

  /** Every address of a host name, IPv6 and IPv4 in turns; a name has one lookup, and no answer is kept. */
  async lookup(hostname: string): Promise<Lookup> {
    // RFC 6761: resolvers need not know it, and it never leaves the machine.
    if (/(^|\.)localhost$/.test(hostname)) return { kind: 'addresses', addresses: ['127.0.0.1', '::1'] };
    const [v6, v4] = await this.#families(hostname);
    const count = v6.addresses.length + v4.addresses.length;
    if (count > MAX_ADDRESSES) {
      return { kind: 'failed', message: `${hostname} has ${count} addresses; at most ${MAX_ADDRESSES} are allowed.` };
    }
    if (count > 0) return { kind: 'addresses', addresses: inTurns(v6.addresses, v4.addresses) };
    const trouble = [v4.code, v6.code].find((code) => code !== null && !NO_SUCH_NAME.has(code)) ?? null;
    if (trouble === null) return { kind: 'failed', message: `${hostname} has no address (${v4.code ?? 'ENODATA'}).` };
    if (await this.#isDown()) {
      return {
        kind: 'resolver_down',
        message: `The resolver does not answer (${trouble}). Check the DNS of this host.`,
      };
    }
    return { kind: 'failed', message: `The lookup of ${hostname} failed (${trouble}).` };
  }

  /**
   * Both families. When one has addresses, the other one has little time left: some servers never answer a question for IPv6.
   * What comes later is not dialled, so it need not be judged.
   */
  async #families(hostname: string): Promise<[v6: Family, v4: Family]> {
    const late = Promise.withResolvers<Family>();
    let timer: NodeJS.Timeout | undefined;
    const ask = async (query: Promise<string[]>): Promise<Family> => {
      const family = await this.#family(query);
      if (family.addresses.length > 0) {
        timer ??= setTimeout(() => late.resolve({ addresses: [], code: 'ETIMEOUT' }), this.#timeoutMs / 4);
      }
      return family;
    };
    const v6 = ask(this.#resolver.resolve6(hostname));
    const v4 = ask(this.#resolver.resolve4(hostname));
    try {
      return await Promise.all([Promise.race([v6, late.promise]), Promise.race([v4, late.promise])]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #family(query: Promise<string[]>): Promise<Family> {
    try {
      const addresses = await within(query, this.#timeoutMs);
      this.#answeredAt = performance.now();
      return { addresses, code: addresses.length === 0 ? 'ENODATA' : null };
    } catch (error) {
      const code = errorCode(error) || 'EUNKNOWN';
      if (NO_SUCH_NAME.has(code)) this.#answeredAt = performance.now();
      return { addresses: [], code };
    }
  }

  /** Every resolver knows the root; if it does not answer even that, and has not answered lately, it is down. */
  async #isDown(): Promise<boolean> {
    if (performance.now() - this.#answeredAt < RECENT_MS) return false;
    this.#probe ??= this.#family(this.#resolver.resolveNs('.')).then(({ code }) => {
      this.#probe = null;
      return code !== null && !NO_SUCH_NAME.has(code);
    });
    return this.#probe;
  }
}

/** The query's result, or an error with code ETIMEOUT: c-ares may take longer than it was told to. */
async function within<T>(query: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(Object.assign(new Error('timed out'), { code: 'ETIMEOUT' })), timeoutMs);
  try {
    return await Promise.race([query, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function inTurns(first: readonly string[], second: readonly string[]): string[] {
  return Array.from({ length: Math.max(first.length, second.length) }, (_, index) => [first[index], second[index]])
    .flat()
    .filter((address) => address !== undefined);
}
