import { getDomain } from 'tldts';
import { canonicalAddress, parseAddress } from './address.ts';
import { keeping } from './keeping.ts';

/**
 * The registrable domain of a host. All names below it count as one party, because they cost nothing.
 * Private suffixes count (`a.github.io` and `b.github.io` belong to different people). An address is grouped as
 * {@link addressGroup} does; a host without a registrable domain is its own site.
 *
 * @param hostname lower-case, without brackets
 */
export function siteOf(hostname: string): string {
  if (parseAddress(hostname) !== null) return addressGroup(hostname);
  return getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;
}

/** An address is asked for with each request that goes there. */
const MAX_KEPT_GROUPS = 4_096;

/** What one party has at least: an IPv4 address, or the /64 network of an IPv6 address. */
export const addressGroup: (text: string) => string = keeping(MAX_KEPT_GROUPS, groupOf);

function groupOf(text: string): string {
  const address = parseAddress(text);
  if (address === null || address.kind() === 'ipv4') return canonicalAddress(text) ?? text;
  const bytes = address.toByteArray();
  const groups = [0, 2, 4, 6].map((at) => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  return `${groups.join(':')}::/64`;
}
