import { isWithin, parseAddress, parseRange } from './address.ts';
import type { Range } from './address.ts';
import { WebhookConfigError } from './config-error.ts';
import { matchesHost, parseHostPattern } from './host-pattern.ts';
import type { HostPattern } from './host-pattern.ts';

/** What RUNLANE_WEBHOOK_DENY adds to the policy: ranges of addresses, and names that are not even looked up. */
export type DeniedHosts = { ranges: { cidr: string; range: Range }[]; names: HostPattern[] };

/** Names of machines, clusters and clouds that never belong to a receiver outside, with all names below them. */
const INTERNAL_SUFFIXES = ['localhost', 'localdomain', 'local', 'internal', 'svc', 'home.arpa', 'onion'];

/** Metadata services with names in ordinary domains. */
const METADATA_NAMES = [
  'metadata.goog',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
];

/**
 * Reads RUNLANE_WEBHOOK_DENY: CIDRs, addresses, names, and `*.name` for all names below it.
 * Thrown: WebhookConfigError with every entry that is none of them.
 */
export function parseDeniedHosts(entries: readonly string[]): DeniedHosts {
  const denied: DeniedHosts = { ranges: [], names: [] };
  const problems: string[] = [];
  for (const entry of entries) {
    const range = parseRange(entry);
    const name = range === null ? parseHostPattern(entry) : null;
    if (range !== null) denied.ranges.push({ cidr: entry, range });
    else if (name !== null && parseAddress(name.hostname) === null) denied.names.push(name);
    else {
      problems.push(
        `RUNLANE_WEBHOOK_DENY has "${entry.slice(0, 100)}". Write a CIDR (203.0.113.0/24), an address, a host name, ` +
          'or *.name for all names below it.',
      );
    }
  }
  if (problems.length > 0) throw new WebhookConfigError(problems);
  return denied;
}

/** The entry of RUNLANE_WEBHOOK_DENY that an address falls under; null for none. */
export function deniedRange(address: string, denied: DeniedHosts): string | null {
  const parsed = parseAddress(address);
  if (parsed === null) return null;
  return denied.ranges.find(({ range }) => isWithin(parsed, range))?.cidr ?? null;
}

/** Why a host name may not even be looked up, to follow "because"; null when it may. */
export function deniedNameReason(hostname: string, denied: DeniedHosts): string | null {
  if (denied.names.some((pattern) => matchesHost(hostname, pattern))) return 'RUNLANE_WEBHOOK_DENY names it';
  if (!hostname.includes('.')) return 'it is a single label, which only a local network could resolve';
  const suffix = INTERNAL_SUFFIXES.find((name) => hostname === name || hostname.endsWith(`.${name}`));
  if (suffix !== undefined) return `names in ${suffix} are internal`;
  return METADATA_NAMES.includes(hostname) ? 'it is a metadata service' : null;
}
