/**
 * The classifier against the table of the specification, edge by edge, and against an oracle that shares nothing with
 * it: the IANA special-purpose registries as data, compared as numbers.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalAddress, classifyAddress, isLoopback } from './address.ts';
import { isDeniedByRegistries, numberOf, specifiedBlocks, textOf } from './iana.fixture.ts';
import type { Family } from './iana.fixture.ts';

const isDenied = (text: string): boolean => classifyAddress(text).kind === 'denied';

describe.each(specifiedBlocks)('$cidr', ({ cidr }) => {
  const [network = '', bits = ''] = cidr.split('/');
  const family: Family = network.includes(':') ? 6 : 4;
  const width = family === 4 ? 32n : 128n;
  const first = numberOf(network);
  const last = first + (1n << (width - BigInt(bits))) - 1n;

  test.each([
    ['first', first],
    ['last', last],
  ])('its %s address is denied, with a reason', (_name, value) => {
    expect(classifyAddress(textOf(value, family))).toEqual({ kind: 'denied', reason: expect.stringMatching(/\w/) });
  });

  test.each([
    ['below', first - 1n],
    ['above', last + 1n],
  ])('the address one %s is judged by its own block', (_name, value) => {
    if (value < 0n || value >= 1n << width) return;
    expect(isDenied(textOf(value, family))).toBe(isDeniedByRegistries(value, family));
  });
});

const anyV4 = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });
const anyV6 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  // Random numbers hardly ever fall into global unicast, or near a block.
  fc.bigInt({ min: 0n, max: (1n << 125n) - 1n }).map((rest) => (1n << 125n) + rest),
  fc
    .tuple(fc.constantFrom(...specifiedBlocks.filter(({ cidr }) => cidr.includes(':'))), fc.bigInt(-70_000n, 70_000n))
    .map(([{ cidr }, offset]) => numberOf(cidr.split('/')[0] ?? '') + offset)
    .filter((value) => value >= 0n && value < 1n << 128n),
);

test('every IPv4 address is judged as the registries say', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyV4, (value) => {
      expect(isDenied(textOf(value, 4))).toBe(isDeniedByRegistries(value, 4));
    }),
    { numRuns: 20_000 },
  );
});

test('every IPv6 address is judged as the registries say', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyV6, (value) => {
      expect(isDenied(textOf(value, 6))).toBe(isDeniedByRegistries(value, 6));
    }),
    { numRuns: 20_000 },
  );
});

test('an IPv4-mapped address is judged as the IPv4 address, in either spelling', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyV4, (value) => {
      const expected = isDeniedByRegistries(value, 4);
      expect(isDenied(`::ffff:${textOf(value, 4)}`)).toBe(expected);
      expect(isDenied(textOf((0xffffn << 32n) | value, 6))).toBe(expected);
    }),
  );
});

test('every IPv6 form that embeds or translates IPv4 is denied, whatever it embeds', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(anyV4, fc.constantFrom('::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'), (value, prefix) => {
      expect(isDenied(`${prefix}${textOf(value, 4)}`)).toBe(true);
    }),
  );
  fc.assert(
    fc.property(anyV4, (value) => {
      expect(isDenied(textOf((0x2002n << 112n) | (value << 80n), 6))).toBe(true);
    }),
  );
});

test.each([
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd20:ce::254',
])('the metadata service at %s is denied', (address) => {
  expect(isDenied(address)).toBe(true);
});

test.each([
  '',
  'localhost',
  '127.1',
  '0x7f.0.0.1',
  '010.0.0.1',
  '8.8.8',
  '8.8.8.8.',
  'fe80::1%eth0',
  '2606::1%0',
  '[::1]',
])('%j is no address, and denied', (text) => {
  expect(classifyAddress(text)).toEqual({ kind: 'denied', reason: 'no address' });
});

test.each(['1.1.1.1', '8.8.8.8', '168.63.129.15', '168.63.129.17', '2606:4700:4700::1111', '2a00:1450::1'])(
  '%s is allowed',
  (address) => {
    expect(classifyAddress(address)).toEqual({ kind: 'allowed' });
  },
);

test('the reason names the kind of network and the block', () => {
  expect(classifyAddress('10.1.2.3')).toEqual({ kind: 'denied', reason: 'private (10.0.0.0/8)' });
  expect(classifyAddress('4000::1')).toEqual({ kind: 'denied', reason: 'outside global unicast (2000::/3)' });
});

test('spellings of one address are one', () => {
  expect(canonicalAddress('::ffff:7f00:1')).toBe('127.0.0.1');
  expect(canonicalAddress('2606:4700:0:0:0:0:0:1')).toBe('2606:4700::1');
  expect(canonicalAddress('example.com')).toBe(null);
  expect(['127.3.2.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::'].map(isLoopback)).toEqual(Array(5).fill(true));
  expect(['128.0.0.1', '10.0.0.1', '::2', 'localhost'].map(isLoopback)).toEqual(Array(4).fill(false));
});
