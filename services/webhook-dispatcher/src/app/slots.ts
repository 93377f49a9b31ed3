/**
 * Purpose   Hands out the slots of the process and of each site, in turns.
 * Slow      Those that keep their slots for long, or of which nothing is known, share three quarters of the slots of the process:
 *           however many they are, quick ones find a slot.
 * Fairness  A free slot goes to the site that has waited longest, and there to the endpoint that has waited longest;
 *           whichever was served goes to the end. So nobody keeps a slot that others wait for.
 */
export type Waiter<T> = {
  readonly site: string;
  take: (nowMs: number) => T | null;
  /** Whether a slot that it gets is likely to be free again soon. */
  isQuick: (nowMs: number) => boolean;
};

/** Of so many slots, those that slow ones may have. */
export function slotsOfSlow(slots: number): number {
  return Math.ceil(slots * 0.75);
}

export type SlotLimits = { readonly process: number; readonly site: number };

export class Slots<T, W extends Waiter<T>> {
  readonly #limits: SlotLimits;
  readonly #mayServe: (waiter: W) => boolean;
  /** Sites in the order of their turns, each with its endpoints in theirs. */
  readonly #sites = new Map<string, { waiters: Set<W>; inUse: number }>();
  #inUse = 0;
  /** What was taken by slow ones and is under way. */
  readonly #slow = new Set<T>();

  /** @param mayServe asked before a waiter is; false while what the waiter would take has to wait for something else */
  constructor(limits: SlotLimits, mayServe: (waiter: W) => boolean) {
    this.#limits = limits;
    this.#mayServe = mayServe;
  }

  get inUseCount(): number {
    return this.#inUse;
  }

  /** Others may wait for a slot of the process. */
  get isScarce(): boolean {
    return this.#isFull || this.#isFullOfSlow;
  }

  get #isFull(): boolean {
    return this.#inUse >= this.#limits.process;
  }

  get #isFullOfSlow(): boolean {
    return this.#slow.size >= slotsOfSlow(this.#limits.process);
  }

  add(waiter: W): void {
    const site = this.#sites.get(waiter.site) ?? { waiters: new Set<W>(), inUse: 0 };
    this.#sites.set(waiter.site, site);
    site.waiters.add(waiter);
  }

  remove(waiter: W): void {
    const site = this.#sites.get(waiter.site);
    site?.waiters.delete(waiter);
    this.#forgetIfUnused(waiter.site);
  }

  /** Gives a slot back, with what was taken for it. */
  release({ site: name }: W, taken: T): void {
    const site = this.#sites.get(name);
    if (site === undefined) throw new Error(`A slot of ${name} was released that was not taken.`);
    site.inUse -= 1;
    this.#slow.delete(taken);
    this.#inUse -= 1;
    this.#forgetIfUnused(name);
  }

  /** Fills the free slots of one site, if the process has any, and starts what was taken for them. */
  fillSite(name: string, nowMs: number, start: (waiter: W, taken: T) => void): void {
    while (this.#serve(name, nowMs, start));
  }

  /** Fills all free slots, one of each site in turns. */
  fill(nowMs: number, start: (waiter: W, taken: T) => void): void {
    // A site that was served goes to the end of the map, where the loop meets it again.
    for (const name of this.#sites.keys()) {
      if (this.#isFull) return;
      this.#serve(name, nowMs, start);
    }
  }

  #serve(name: string, nowMs: number, start: (waiter: W, taken: T) => void): boolean {
    const site = this.#sites.get(name);
    if (site === undefined || this.#isFull || site.inUse >= this.#limits.site) return false;
    for (const waiter of site.waiters) {
      const isSlow = !waiter.isQuick(nowMs);
      if ((isSlow && this.#isFullOfSlow) || !this.#mayServe(waiter)) continue;
      const taken = waiter.take(nowMs);
      if (taken === null) continue;
      if (isSlow) this.#slow.add(taken);
      site.waiters.delete(waiter);
      site.waiters.add(waiter);
      this.#sites.delete(name);
      this.#sites.set(name, site);
      site.inUse += 1;
      this.#inUse += 1;
      start(waiter, taken);
      return true;
    }
    return false;
  }

  #forgetIfUnused(name: string): void {
    const site = this.#sites.get(name);
    if (site !== undefined && site.waiters.size === 0 && site.inUse === 0) this.#sites.delete(name);
  }
}
