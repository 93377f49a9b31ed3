/** Vectors of RFC 6052, section 2.4: 192.0.2.33 behind prefixes of each length; here with the addresses of RFC 7050. */
import { expect, test } from 'vitest';
import { behindNat64, nat64Prefixes } from './nat64.ts';

test.each([
  [32, '2001:db8:c000:aa::', '2001:db8:7f00:1::'],
  [40, '2001:db8:1c0:0:aa::', '2001:db8:17f:0:1::'],
  [48, '2001:db8:122:c000:0:aa00::', '2001:db8:122:7f00:0:100::'],
  [56, '2001:db8:122:3c0:0:aa:0:0', '2001:db8:122:37f:0:1:0:0'],
  [64, '2001:db8:122:344:c0:0:aa00:0', '2001:db8:122:344:7f:0:100:0'],
  [96, '2001:db8:122:344::192.0.0.170', '2001:db8:122:344::7f00:1'],
])('a prefix of %i bits is found by ipv4only.arpa, and addresses with it are translated', (bits, told, loopback) => {
  const prefixes = nat64Prefixes([told]);
  expect(prefixes.map((prefix) => prefix.bits)).toEqual([bits]);
  expect(behindNat64(loopback, prefixes)).toEqual(['127.0.0.1']);
  expect(behindNat64('2620:fe::fe', prefixes)).toEqual([]);
});

test('without an answer there is no prefix, and two answers give one prefix', () => {
  expect(nat64Prefixes([])).toEqual([]);
  expect(behindNat64('2001:db8::1', [])).toEqual([]);
  expect(nat64Prefixes(['64:ff9b::c000:aa', '64:ff9b::c000:ab'])).toHaveLength(1);
  expect(nat64Prefixes(['192.0.0.170', '2001:db8::1'])).toEqual([]);
});
