/**
 * An oracle for the address classifier, built from the registries alone: the IANA IPv4 and IPv6 Special-Purpose
 * Address Registries, IANA's IPv4 multicast and reserved space, and IPv6 global unicast 2000::/3. Addresses are numbers
 * here, and no address library is used.
 */
export type Family = 4 | 6;

/** Every entry counts, because an entry that is globally reachable is still no host of a webhook receiver. */
const REGISTRY_V4 = `
  0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
  192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
  192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4
  255.255.255.255/32 224.0.0.0/4 168.63.129.16/32`;

const REGISTRY_V6 = `
  ::1/128 ::/128 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 2001:1::2/128
  2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16
  2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10`;

const MAPPED = { first: 0xffffn << 32n, last: (0xffffn << 32n) | 0xffffffffn };

/** The denied blocks as the specification lists them, without the mapped ones. */
export const specifiedBlocks: { cidr: string }[] = `
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 240.0.0.0/4
  255.255.255.255/32 192.0.0.0/24 192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 192.88.99.0/24
  192.31.196.0/24 192.52.193.0/24 192.175.48.0/24 168.63.129.16/32 ::/128 ::1/128 ::/96 ::ffff:0:0:0/96 64:ff9b::/96
  64:ff9b:1::/48 2002::/16 2001::/23 2001:db8::/32 3fff::/20 100::/64 100:0:0:1::/64 5f00::/16 fc00::/7 fe80::/10
  fec0::/10 ff00::/8 2620:4f:8000::/48`
  .trim()
  .split(/\s+/)
  .map((cidr) => ({ cidr }));

/** What the registries say: denied when listed, and for IPv6 also when it is no global unicast. */
export function isDeniedByRegistries(value: bigint, family: Family): boolean {
  if (family === 4) return isListed(value, REGISTRY_V4, 32n);
  if (value >= MAPPED.first && value <= MAPPED.last) return isListed(value & 0xffffffffn, REGISTRY_V4, 32n);
  return value >> 125n !== 1n || isListed(value, REGISTRY_V6, 128n);
}

function isListed(value: bigint, registry: string, width: bigint): boolean {
  return registry
    .trim()
    .split(/\s+/)
    .some((cidr) => {
      const [network = '', bits = ''] = cidr.split('/');
      const shift = width - BigInt(bits);
      return value >> shift === numberOf(network) >> shift;
    });
}

/** The number of an address in its ordinary spelling. */
export function numberOf(text: string): bigint {
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const [left = '', right] = text.split('::');
  const groups = (side: string): string[] => (side === '' ? [] : side.split(':'));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** The ordinary spelling of a number; of IPv6 with all eight groups. */
export function textOf(value: bigint, family: Family): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  return Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16)).join(
    ':',
  );
}
