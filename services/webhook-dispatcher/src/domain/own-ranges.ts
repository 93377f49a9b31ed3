/** An address of the machine as Node's `networkInterfaces` gives it; `cidr` is the address and the length of its prefix. */
export type InterfaceAddress = { address: string; family: 'IPv4' | 'IPv6'; cidr: string | null };

/**
 * Addresses that webhooks must not reach, because they are of the machine itself or of its own network: each address, and
 * for IPv6 the prefix around it too, because the global addresses in it belong to the own pods and machines. A public IPv4
 * prefix is shared with strangers.
 *
 * @returns addresses and CIDRs
 */
export function ownRanges(addresses: readonly InterfaceAddress[]): string[] {
  const ranges = addresses.map(({ address, family, cidr }) => {
    // A link-local address names its interface.
    const plain = address.replace(/%.*$/, '');
    const length = Number(cidr?.split('/')[1] ?? 128);
    // Shorter than the prefix of any own network: a tunnel or a default route.
    return family === 'IPv6' && length >= 48 ? `${plain}/${length}` : plain;
  });
  return [...new Set(ranges)];
}
