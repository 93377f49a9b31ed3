import { addressGroup } from '@runlane/webhooks';

/** Most origins whose addresses are remembered; anybody can invent origins. */
const MAX_ORIGINS = 4_096;
/** Addresses of an origin that are remembered. */
const MAX_ADDRESSES = 4;

/**
 * Keeps attempts from waiting for a slot of an address (`AddressSlots` of the sender) while they hold slots of origin, site
 * and process that others could use: origins whose addresses are full are not served. It knows only the addresses at which
 * an origin was last, so it decides only whose turn it is; the sender looks up and judges what is dialled.
 *
 * A few more than the slots of an address are let through, to find out whether the origin has another address.
 */
export class AddressGate {
  readonly #cap: number;
  readonly #groupsOf = new Map<string, readonly string[]>();
  readonly #counts = new Map<string, number>();

  /** @param cap attempts under way at one address, over all origins */
  constructor(cap: number) {
    this.#cap = cap;
  }

  hasRoom(origin: string): boolean {
    const groups = this.#groupsOf.get(origin);
    return groups === undefined || groups.some((group) => this.#countOf(group) < this.#cap);
  }

  /**
   * An attempt begins.
   *
   * @returns a function to call once, with the address that was used; true when origins may have waited for it
   */
  enter(origin: string): (address: string | null) => boolean {
    const groups = this.#groupsOf.get(origin) ?? [];
    const [group] = groups.toSorted((a, b) => this.#countOf(a) - this.#countOf(b));
    if (group !== undefined) this.#counts.set(group, this.#countOf(group) + 1);
    return (address) => {
      if (address !== null) this.#remember(origin, addressGroup(address));
      if (group === undefined) return false;
      const count = this.#countOf(group);
      if (count <= 1) this.#counts.delete(group);
      else this.#counts.set(group, count - 1);
      return count >= this.#cap;
    };
  }

  #countOf(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  #remember(origin: string, group: string): void {
    const known = this.#groupsOf.get(origin) ?? [];
    if (known[0] === group) return;
    // A Map keeps the order of insertion, so the one that moved last goes to the end.
    this.#groupsOf.delete(origin);
    this.#groupsOf.set(origin, [group, ...known.filter((other) => other !== group)].slice(0, MAX_ADDRESSES));
    const oldest = this.#groupsOf.size > MAX_ORIGINS ? this.#groupsOf.keys().next().value : undefined;
    if (oldest !== undefined) this.#groupsOf.delete(oldest);
  }
}
