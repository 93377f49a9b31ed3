/**
 * The only way to a connection. Run for every new socket; neither a verdict nor an address is kept.
 *
 *   look up ─▶ judge every address ─▶ slot ─▶ dial what was judged ─▶ assert the peer ─▶ TLS for the name
 *
 * I13  No packet leaves for an address that the policy denies; behind a proxy that is asked by name, the proxy sees to that. One denied address denies them all: a mixed set is how
 *      a name is rebound.
 */
import { isIP, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { orAborted } from '@runlane/service-kit';
import type { WebhookPolicy, WebhookTarget } from '@runlane/webhooks';
import { DENIED_ANSWER } from '../../domain/delivery.ts';
import { behindNat64 } from '../../domain/nat64.ts';
import { AttemptFault } from './attempt-fault.ts';
import type { AddressSlot, AddressSlots } from './address-slots.ts';
import type { Attempt, AttemptLimits } from './attempt.ts';
import { dialFirst } from './dial.ts';
import type { Dial, Dialled } from './dial.ts';
import type { HostLookup } from './host-lookup.ts';
import type { NetworkPrefixes } from './network-prefixes.ts';
import { secure } from './secure.ts';
import { tunnelThrough } from './tunnel.ts';

/** How long a connection is used [60 000 ms, 1 000 requests], how long kept idle [4 000 ms], and how many in all [512]. */
export type KeepingLimits = { ageMs: number; requests: number; idleMs: number; idle: number };

export type ConnectNeeds = {
  policy: WebhookPolicy;
  lookup: HostLookup;
  prefixes: NetworkPrefixes;
  slots: AddressSlots;
  dial: Dial;
  limits: AttemptLimits;
  keeping: KeepingLimits;
  /** The egress proxy; null to connect directly. */
  proxy: URL | null;
  /** By name: the check here still decides whether the proxy is asked, but the proxy looks the name up again. */
  proxyBy: 'address' | 'name';
  ca: string[] | undefined;
};

/** Thrown: AttemptFault with the outcome of the attempt. */
export async function connectChecked(target: WebhookTarget, attempt: Attempt, needs: ConnectNeeds): Promise<Socket> {
  attempt.hold(null);
  attempt.hasConnected = true;
  attempt.enter('dns');
  const addresses = await addressesOf(target, attempt, needs);
  const prefixes = addresses.some(isIPv6) ? await orAborted(needs.prefixes.current(), attempt.signal) : [];
  for (const address of addresses) {
    const behind = behindNat64(address, prefixes);
    const denied = [address, ...behind]
      .map((one) => ({ one, verdict: needs.policy.judgeAddress(target, one) }))
      .find(({ verdict }) => verdict.kind === 'denied');
    if (denied?.verdict.kind !== 'denied') continue;
    attempt.address = address;
    const where = denied.one === address ? '' : ` of NAT64 for ${denied.one}`;
    const message = `Webhooks may not go to ${target.hostname}: it is at ${address}${where}, which is ${denied.verdict.reason}.`;
    throw new AttemptFault({
      kind: 'blocked',
      code: isIP(target.hostname) === 0 ? DENIED_ANSWER : 'denied_address',
      message,
    });
  }
  attempt.mark('dnsMs');
  const first = await takeSlot(addresses, attempt, needs);
  attempt.enter('connect');
  const { socket, slot } = await open(addresses, target, { first, attempt, needs });
  attempt.hold(slot);
  const ready = target.url.startsWith('https:')
    ? await secure(socket, target.hostname, { ca: needs.ca, signal: attempt.signal })
    : socket;
  attempt.mark('connectMs');
  return ready;
}

/** Waits for a slot of one of the addresses. Thrown: AttemptFault, when none becomes free or the attempt is aborted. */
export async function takeSlot(
  addresses: readonly string[],
  attempt: Attempt,
  { slots, limits }: Pick<ConnectNeeds, 'slots' | 'limits'>,
): Promise<AddressSlot> {
  attempt.address = addresses[0] ?? null;
  for (const address of addresses) {
    const free = slots.tryAcquire(address);
    if (free !== null) return free;
  }
  const slot = await attempt.offTheClock(() => slots.acquire(addresses, limits.slotMs, attempt.signal));
  if (slot !== null) return slot;
  const message = `${addresses.join(', ')} has as many attempts under way as one address may have.`;
  throw new AttemptFault({ kind: 'infrastructure', message });
}

async function addressesOf(target: WebhookTarget, attempt: Attempt, { lookup }: ConnectNeeds): Promise<string[]> {
  if (isIP(target.hostname) !== 0) return [target.hostname];
  const found = await orAborted(lookup.lookup(target.hostname), attempt.signal);
  switch (found.kind) {
    case 'addresses':
      return found.addresses;
    case 'failed':
      throw new AttemptFault({ kind: 'failed', class: 'dns', message: found.message });
    case 'resolver_down':
      throw new AttemptFault({ kind: 'infrastructure', message: found.message, isEverywhere: true });
  }
}

async function open(
  addresses: readonly string[],
  { hostname, port }: WebhookTarget,
  { first, attempt, needs }: { first: AddressSlot; attempt: Attempt; needs: ConnectNeeds },
): Promise<Dialled> {
  const { signal } = attempt;
  if (needs.proxy === null) {
    return dialFirst(addresses, port, { first, slots: needs.slots, dial: needs.dial, signal });
  }
  try {
    const host = needs.proxyBy === 'name' ? hostname : first.address;
    return { socket: await tunnelThrough(needs.proxy, host, port, signal), slot: first };
  } catch (error) {
    first.release();
    throw error;
  }
}
