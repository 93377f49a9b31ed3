import { addressGroup } from '@runlane/webhooks';

/** The right to have one attempt under way with an address. */
export type AddressSlot = { address: string; release(): void };

type Waiter = { addresses: readonly string[]; grant: (slot: AddressSlot) => void };

/**
 * Limits attempts under way per resolved address (per /64 network of IPv6), whatever names lead there: many names that
 * lead to one machine use up that machine's slots and nothing else. Waiters are served in the order of arrival.
 */
export class AddressSlots {
  readonly #cap: number;
  readonly #inUse = new Map<string, number>();
  readonly #waiters = new Map<string, Set<Waiter>>();

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** A slot that is free now, or null. */
  tryAcquire(address: string): AddressSlot | null {
    const group = addressGroup(address);
    const inUse = this.#inUse.get(group) ?? 0;
    if (inUse >= this.#cap) return null;
    this.#inUse.set(group, inUse + 1);
    return this.#slot(address, group);
  }

  /**
   * A slot of one of the addresses, preferably the first; null when none became free in time.
   * Thrown: the signal's reason.
   */
  async acquire(addresses: readonly string[], waitMs: number, signal: AbortSignal): Promise<AddressSlot | null> {
    for (const address of addresses) {
      const slot = this.tryAcquire(address);
      if (slot !== null) return slot;
    }
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<AddressSlot | null>();
    const waiter: Waiter = { addresses, grant: resolve };
    // Removed before it is settled: a slot that is granted to a waiter who is gone would be lost.
    const onAbort = (): void => {
      this.#remove(waiter);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      this.#remove(waiter);
      resolve(null);
    }, waitMs);
    signal.addEventListener('abort', onAbort);
    for (const address of addresses) this.#waitersOf(addressGroup(address)).add(waiter);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #slot(address: string, group: string): AddressSlot {
    let isHeld = true;
    return {
      address,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#release(group);
      },
    };
  }

  /** Hands the slot to the waiter who waited longest, so that it is never free while somebody waits. */
  #release(group: string): void {
    const next = this.#waiters.get(group)?.values().next().value;
    if (next === undefined) {
      const inUse = (this.#inUse.get(group) ?? 1) - 1;
      if (inUse === 0) this.#inUse.delete(group);
      else this.#inUse.set(group, inUse);
      return;
    }
    this.#remove(next);
    const address = next.addresses.find((candidate) => addressGroup(candidate) === group) ?? group;
    next.grant(this.#slot(address, group));
  }

  #waitersOf(group: string): Set<Waiter> {
    const waiters = this.#waiters.get(group) ?? new Set();
    this.#waiters.set(group, waiters);
    return waiters;
  }

  #remove(waiter: Waiter): void {
    for (const group of waiter.addresses.map(addressGroup)) {
      const waiters = this.#waiters.get(group);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#waiters.delete(group);
    }
  }
}
