/** A block of addresses that no webhook may go to. */
export type DeniedBlock = {
  cidr: string;
  /** Description of the block, to complete "… which is". */
  what: string;
};

/**
 * The blocks that are not for webhooks: the IANA special-purpose registries, whether or not they call a block
 * globally reachable, multicast and reserved space, and the metadata and wire servers of clouds that sit on ordinary
 * addresses. The narrower block stands first, because the first that matches gives the reason.
 */
export const DENIED_IPV4: readonly DeniedBlock[] = [
  { cidr: '0.0.0.0/8', what: 'this host or network' },
  { cidr: '10.0.0.0/8', what: 'private' },
  { cidr: '100.64.0.0/10', what: 'carrier-grade NAT or cloud metadata' },
  { cidr: '127.0.0.0/8', what: 'loopback' },
  // Azure's wire server: plain unicast everywhere else, so no registry has it.
  { cidr: '168.63.129.16/32', what: 'a cloud platform service' },
  { cidr: '169.254.0.0/16', what: 'link-local or cloud metadata' },
  { cidr: '172.16.0.0/12', what: 'private' },
  { cidr: '192.0.0.0/24', what: 'reserved for protocols' },
  { cidr: '192.0.2.0/24', what: 'for documentation' },
  { cidr: '192.31.196.0/24', what: 'reserved for AS112' },
  { cidr: '192.52.193.0/24', what: 'reserved for AMT' },
  { cidr: '192.88.99.0/24', what: 'a 6to4 relay' },
  { cidr: '192.168.0.0/16', what: 'private' },
  { cidr: '192.175.48.0/24', what: 'reserved for AS112' },
  { cidr: '198.18.0.0/15', what: 'for benchmarks' },
  { cidr: '198.51.100.0/24', what: 'for documentation' },
  { cidr: '203.0.113.0/24', what: 'for documentation' },
  { cidr: '224.0.0.0/4', what: 'multicast' },
  { cidr: '255.255.255.255/32', what: 'broadcast' },
  { cidr: '240.0.0.0/4', what: 'reserved' },
];

/** As {@link DENIED_IPV4}. Everything outside 2000::/3 is denied besides; its blocks are listed for their reasons. */
export const DENIED_IPV6: readonly DeniedBlock[] = [
  { cidr: '::/128', what: 'unspecified' },
  { cidr: '::1/128', what: 'loopback' },
  { cidr: '::/96', what: 'an IPv4-compatible form' },
  { cidr: '::ffff:0:0:0/96', what: 'a translated IPv4 form' },
  { cidr: '64:ff9b::/96', what: 'a NAT64 form' },
  { cidr: '64:ff9b:1::/48', what: 'a NAT64 form' },
  { cidr: '100::/64', what: 'discard-only' },
  { cidr: '100:0:0:1::/64', what: 'reserved' },
  { cidr: '2001::/23', what: 'reserved for protocols' },
  { cidr: '2001:db8::/32', what: 'for documentation' },
  { cidr: '2002::/16', what: 'a 6to4 form' },
  { cidr: '2620:4f:8000::/48', what: 'reserved for AS112' },
  { cidr: '3fff::/20', what: 'for documentation' },
  { cidr: '5f00::/16', what: 'for segment routing' },
  { cidr: 'fc00::/7', what: 'private or cloud metadata' },
  { cidr: 'fe80::/10', what: 'link-local' },
  { cidr: 'fec0::/10', what: 'site-local' },
  { cidr: 'ff00::/8', what: 'multicast' },
];

/** The only IPv6 space that IANA gives out for global unicast. */
export const GLOBAL_UNICAST_IPV6 = '2000::/3';
