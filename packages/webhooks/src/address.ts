import ipaddr from 'ipaddr.js';
import { DENIED_IPV4, DENIED_IPV6, GLOBAL_UNICAST_IPV6 } from './address-table.ts';
import type { DeniedBlock } from './address-table.ts';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Range = [Address, number];

/** Whether webhooks may go to an address; `reason` completes "…, which is". */
export type AddressVerdict = { kind: 'allowed' } | { kind: 'denied'; reason: string };

const V4 = DENIED_IPV4.map(withRange);
const V6 = DENIED_IPV6.map(withRange);
const GLOBAL_UNICAST = rangeOf(GLOBAL_UNICAST_IPV6);

/**
 * Whether an address is global unicast: IPv4 outside the table of denied blocks, or IPv6 inside 2000::/3 and outside the
 * table. An IPv4-mapped address is judged as the IPv4 address; what is no address at all is denied.
 *
 * @param text an address as resolvers and sockets spell it: four decimal numbers, or IPv6 without brackets
 */
export function classifyAddress(text: string): AddressVerdict {
  const address = parseAddress(text);
  if (address === null) return { kind: 'denied', reason: 'no address' };
  const block = (address.kind() === 'ipv4' ? V4 : V6).find(({ range }) => isWithin(address, range));
  if (block !== undefined) return { kind: 'denied', reason: `${block.what} (${block.cidr})` };
  if (address.kind() === 'ipv6' && !isWithin(address, GLOBAL_UNICAST)) {
    return { kind: 'denied', reason: `outside global unicast (${GLOBAL_UNICAST_IPV6})` };
  }
  return { kind: 'allowed' };
}

/** The address, an IPv4-mapped one as IPv4; null for everything else, an address with a zone included. */
export function parseAddress(text: string): Address | null {
  // Called for every host: most are names, and ipaddr.js is slow to reject those.
  if (!/[\d:]/.test(text)) return null;
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  const hexadecimal = text.includes(':') ? withoutDots(text) : null;
  if (hexadecimal === null || text.includes('%') || !ipaddr.IPv6.isValid(hexadecimal)) return null;
  const address = ipaddr.IPv6.parse(hexadecimal);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * Writes a dotted end as two groups, because ipaddr.js takes the IPv4-compatible `::8.8.8.8`, which resolvers and
 * sockets do print, for the mapped `::ffff:8.8.8.8`. Null for a dotted end that is no IPv4 address.
 */
function withoutDots(text: string): string | null {
  const end = text.slice(text.lastIndexOf(':') + 1);
  if (!end.includes('.')) return text;
  if (!ipaddr.IPv4.isValidFourPartDecimal(end)) return null;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(end).toByteArray();
  return `${text.slice(0, -end.length)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** The one spelling of an address, for comparing: `::ffff:1.2.3.4` is `1.2.3.4`. Null when it is no address. */
export function canonicalAddress(text: string): string | null {
  return parseAddress(text)?.toString() ?? null;
}

/** Loopback in any form that reaches it, the unspecified addresses included: they do on Linux. */
export function isLoopback(text: string): boolean {
  const address = parseAddress(text);
  return address !== null && LOOPBACK.some((range) => isWithin(address, range));
}

/** Reads `address/bits`, or an address alone; IPv4-mapped ones as IPv4. Null when it is neither. */
export function parseRange(text: string): Range | null {
  const [address = '', bits, ...rest] = text.split('/');
  const network = parseAddress(address);
  if (network === null || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return null;
  const width = network.kind() === 'ipv4' ? 32 : 128;
  const mappedBits = network.kind() === 'ipv4' && address.includes(':') ? 96 : 0;
  const length = bits === undefined ? width : Number(bits) - mappedBits;
  return length < 0 || length > width ? null : [network, length];
}

/** Whether the address lies in the range; never for one of the other family. */
export function isWithin(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

const LOOPBACK = ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'].map(rangeOf);

function withRange(block: DeniedBlock): DeniedBlock & { range: Range } {
  return { ...block, range: rangeOf(block.cidr) };
}

function rangeOf(cidr: string): Range {
  const range = parseRange(cidr);
  if (range === null) throw new Error(`${cidr} in the address table is no CIDR.`);
  return range;
}
