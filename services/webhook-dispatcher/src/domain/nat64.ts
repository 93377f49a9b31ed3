/**
 * NAT64: in a network without IPv4 the resolver makes IPv6 addresses for IPv4-only hosts, and a gateway forwards packets to
 * the IPv4 address. So an address in such a prefix is as public as the IPv4 address in it. The network gives the prefix
 * through the name ipv4only.arpa (RFC 7050), whose two IPv4 addresses are known.
 */
/** Length in bits of a prefix (RFC 6052), and the first of the bytes in hexadecimal. */
export type Nat64Prefix = { bits: number; bytes: string };

/** Positions of the four bytes of IPv4 after a prefix of this many bits; byte 8 is always 0. */
const PLACES: Readonly<Record<number, readonly number[]>> = {
  32: [4, 5, 6, 7],
  40: [5, 6, 7, 9],
  48: [6, 7, 9, 10],
  56: [7, 9, 10, 11],
  64: [9, 10, 11, 12],
  96: [12, 13, 14, 15],
};
const KNOWN = new Set(['192.0.0.170', '192.0.0.171']);

/** @param answers the IPv6 addresses of ipv4only.arpa; none where there is no NAT64 */
export function nat64Prefixes(answers: readonly string[]): Nat64Prefix[] {
  const found = answers.flatMap((address) => {
    const bytes = bytesOf(address);
    if (bytes === null) return [];
    return Object.keys(PLACES)
      .map(Number)
      .filter((bits) => KNOWN.has(ipv4In(bytes, bits)))
      .map((bits) => ({ bits, bytes: hexOf(bytes, bits) }));
  });
  return [...new Map(found.map((prefix) => [`${prefix.bytes}/${prefix.bits}`, prefix])).values()];
}

/** The IPv4 addresses that an address stands for, by the prefixes that it is in. */
export function behindNat64(address: string, prefixes: readonly Nat64Prefix[]): string[] {
  const bytes = prefixes.length === 0 ? null : bytesOf(address);
  if (bytes === null) return [];
  return prefixes.filter((prefix) => hexOf(bytes, prefix.bits) === prefix.bytes).map(({ bits }) => ipv4In(bytes, bits));
}

function ipv4In(bytes: Uint8Array, bits: number): string {
  return (PLACES[bits] ?? []).map((place) => bytes[place]).join('.');
}

function hexOf(bytes: Uint8Array, bits: number): string {
  return Buffer.from(bytes.subarray(0, bits / 8)).toString('hex');
}

/** The sixteen bytes of an IPv6 address; null for anything else. */
function bytesOf(address: string): Uint8Array | null {
  // The URL parser knows no zones, and turns a dotted end into two groups.
  const text = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1);
  if (text === undefined) return null;
  const [head = '', tail] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const between = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from([...before, ...between, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
