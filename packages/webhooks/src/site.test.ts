import { expect, test } from 'vitest';
import { addressGroup, siteOf } from './site.ts';

test.each([
  ['hooks.example.com', 'example.com'],
  ['a.b.c.example.co.uk', 'example.co.uk'],
  ['alice.github.io', 'alice.github.io'],
  ['x.alice.github.io', 'alice.github.io'],
  ['hooks', 'hooks'],
  ['com', 'com'],
  ['203.0.113.7', '203.0.113.7'],
  ['2606:4700:1:2:3:4:5:6', '2606:4700:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
])('the site of %s is %s', (host, site) => {
  expect(siteOf(host)).toBe(site);
});

test('the addresses of one IPv6 network count as one group, a mapped address is its IPv4 address', () => {
  expect(addressGroup('2606:4700::1')).toBe(addressGroup('2606:4700::ffff:2'));
  expect(addressGroup('::ffff:8.8.8.8')).toBe('8.8.8.8');
});
