import { createWebhookPolicy } from '@runlane/webhooks';
import { expect, test } from 'vitest';
import { ownRanges } from './own-ranges.ts';

const OWN = ownRanges([
  { address: '127.0.0.1', family: 'IPv4', cidr: '127.0.0.1/8' },
  { address: '8.8.4.20', family: 'IPv4', cidr: '8.8.4.20/22' },
  { address: 'fe80::1%eth0', family: 'IPv6', cidr: 'fe80::1%eth0/64' },
  { address: '2a01:4f8:1:2::9', family: 'IPv6', cidr: '2a01:4f8:1:2::9/64' },
  { address: '2a02:1::1', family: 'IPv6', cidr: '2a02:1::1/16' },
]);

test.each([
  ['the public address of the machine', '8.8.4.20', 'denied'],
  ['a neighbour on a public IPv4 network', '8.8.4.21', 'allowed'],
  ['another address of the own IPv6 network', '2a01:4f8:1:2::77', 'denied'],
  ['another IPv6 network', '2a01:4f8:1:3::9', 'allowed'],
  ['the address of a tunnel', '2a02:1::1', 'denied'],
  ['what lies behind a prefix that is nobody’s own', '2a02:2::1', 'allowed'],
])('%s is judged as it should be', (_name, address, kind) => {
  const policy = createWebhookPolicy({ allow: [], deny: [], own: OWN });
  expect(policy.judgeAddress({ url: 'https://hooks.example.com/' }, address).kind).toBe(kind);
});

test('an origin of RUNLANE_WEBHOOK_ALLOW is permitted at an address of the machine as before', () => {
  const policy = createWebhookPolicy({ allow: ['https://hooks.example.com'], deny: [], own: OWN });
  expect(policy.judgeAddress({ url: 'https://hooks.example.com/' }, '8.8.4.20').kind).toBe('allowed');
});
