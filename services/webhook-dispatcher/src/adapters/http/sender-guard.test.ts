/**
 * I13: no packet leaves for an address that the policy denies. Classes D, A and U of the hostile endpoints at the
 * moment of sending. Real: c-ares against a scripted DNS server, undici, sockets. Doubled: the dialler, which records
 * where it is sent and goes to loopback. Two canaries stand behind it, on 127.0.0.1 and ::1: a byte on one fails the
 * test that caused it.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createWebhookPolicy } from '@runlane/webhooks';
import { eventually } from '@runlane/testkit';
import type { Dial } from './dial.ts';
import { addresses, dnsServer } from './dns-server.fixture.ts';
import type { DnsAnswer, DnsRecord } from './dns-server.fixture.ts';
import {
  answering,
  inShort,
  OK,
  onRequest,
  post,
  PUBLIC,
  receiver,
  recordingDial,
  testSender,
} from './receivers.fixture.ts';

const PUBLIC_V6 = '2606:2800:21f:cb07::1';
const limits = { dnsMs: 400, connectMs: 600, headersMs: 800, totalMs: 1_200, slotMs: 300 };
/** Plain http to these names, so that the guard is tested without TLS; not one address is permitted by it. */
const HOST = 'hooks.example';

const canaries: Server[] = [];
const canaryHits: string[] = [];
const dialled: string[] = [];

beforeAll(async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer((socket) => {
      canaryHits.push(`connection to ${host}`);
      socket.on('data', (chunk) => canaryHits.push(`${chunk.length} bytes to ${host}`));
      socket.on('error', () => socket.destroy());
    });
    server.listen(0, host);
    await once(server, 'listening');
    canaries.push(server);
  }
});
afterAll(() => canaries.forEach((server) => server.close()));
afterEach(() => {
  dialled.length = 0;
  expect(canaryHits.splice(0)).toEqual([]);
});

/** Whatever is dialled, arrives at a canary: of the address's own family. */
const dialCanary: Dial = (address, port) => {
  dialled.push(`${address} ${port}`);
  const [v4, v6] = canaries.map((server) => (server.address() as AddressInfo).port);
  const isV6 = address.includes(':');
  return connect({ host: isV6 ? '::1' : '127.0.0.1', port: (isV6 ? v6 : v4) ?? 0 });
};

/** The policy in force, but that plain http to port 80 of public addresses is let through for the test. */
function httpPolicy(deny: string[] = []) {
  const policy = createWebhookPolicy({ allow: [], deny });
  return {
    judgeUrl: (text: string) => {
      const verdict = policy.judgeUrl(text.replace(/^http:/, 'https:'));
      if (verdict.kind !== 'ok') return verdict;
      const { protocol } = new URL(text);
      const port = protocol === 'http:' ? 80 : 443;
      return {
        ...verdict,
        url: verdict.url.replace(/^https:/, protocol),
        origin: verdict.origin.replace(/^https:/, protocol),
        port,
      };
    },
    judgeAddress: policy.judgeAddress,
  };
}

const always =
  (answer: (name: string, type: string) => DnsAnswer) =>
  (name: string, type: string): DnsAnswer =>
    type === 'NS' ? { kind: 'records', records: [{ name: '', type: 'NS', value: 'a.root' }] } : answer(name, type);

describe('a denied address is never dialled', () => {
  test.each([
    ['D1', 'loopback', ['127.0.0.1']],
    ['D1', 'IPv6 loopback', ['::1']],
    ['D2', 'a public and a private address', [PUBLIC, '10.0.0.1']],
    ['D2', 'a private and a public address', ['192.168.0.1', PUBLIC]],
    ['D2', 'a public IPv4 and a private IPv6 address', [PUBLIC, 'fd00::1']],
    ['D2', 'a public IPv6 and a private IPv4 address', [PUBLIC_V6, '172.16.0.1']],
    ['D2', 'a mapped loopback address', ['0:0:0:0:0:ffff:7f00:1']],
    ['D2', 'an IPv4-compatible public address', ['0:0:0:0:0:0:808:808']],
    ['D2', 'a NAT64 form', ['64:ff9b::7f00:1']],
    ['D3', 'the metadata service', ['169.254.169.254']],
    ['D3', 'the wire server', ['168.63.129.16']],
    ['D3', 'unspecified addresses', ['0.0.0.0']],
    ['D10', 'our own public address', ['203.0.114.7']],
  ])('%s when the name has %s', async (_row, _name, values) => {
    await using dns = await dnsServer(always((name, type) => addresses(name, type, values)));
    await using sender = testSender({
      resolver: dns.resolver,
      dial: dialCanary,
      limits,
      policy: httpPolicy(['203.0.114.7']),
    });
    for (const scheme of ['http', 'https']) {
      const result = await post(sender, `${scheme}://${HOST}/s3cret?token=s3cret`);
      expect(inShort(result)).toBe('blocked denied_address');
      expect(JSON.stringify(result)).not.toContain('s3cret');
    }
    expect(dialled).toEqual([]);
  });

  test('D1 when the name was public before (rebinding)', async () => {
    let isPublic = true;
    await using to = await receiver((socket) => onRequest(socket, () => socket.end(OK)));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [isPublic ? PUBLIC : '127.0.0.1'])));
    const real = recordingDial(to.port);
    const dial: Dial = (address, port) => (isPublic ? real.dial(address, port) : dialCanary(address, port));
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    await eventually(() => to.open.size === 0, { what: 'the connection closed' });
    isPublic = false;
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('blocked denied_address');
    expect(real.dialled).toEqual([`${PUBLIC} 80`]);
    expect(dialled).toEqual([]);
  });

  test('D5 a kept connection is used on when the name turns private, and the next one is refused', async () => {
    let isPublic = true;
    await using to = await receiver((socket) =>
      onRequest(socket, (count) => (count < 3 ? socket.write(OK) : socket.end(OK))),
    );
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [isPublic ? PUBLIC : '10.0.0.1'])));
    const { dial, dialled: sent } = recordingDial(to.port);
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    isPublic = false;
    expect([inShort(await post(sender, `http://${HOST}/`)), inShort(await post(sender, `http://${HOST}/`))]).toEqual([
      '200',
      '200',
    ]);
    await eventually(() => to.open.size === 0, { what: 'the connection closed' });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('blocked denied_address');
    expect(sent).toHaveLength(1);
    expect(to.requestCount()).toBe(3);
  });

  test.each([
    [
      'D6',
      'an alias of an internal name',
      [
        { name: HOST, type: 'CNAME', value: 'db.corp.example' },
        { name: 'db.corp.example', type: 'A', value: '10.0.0.5' },
      ],
    ],
    [
      'D6',
      'thirty aliases that end inside',
      [
        ...Array.from({ length: 30 }, (_, index) => ({
          name: index === 0 ? HOST : `c${index}.ex`,
          type: 'CNAME',
          value: `c${index + 1}.ex`,
        })),
        { name: 'c30.ex', type: 'A', value: '127.0.0.1' },
      ],
    ],
  ] as [string, string, DnsRecord[]][])('%s when the name is %s', async (_row, _name, records) => {
    await using dns = await dnsServer(
      always((_asked, type) => ({
        kind: 'records',
        records: type === 'A' ? records.map((record) => ({ ...record })) : [],
      })),
    );
    await using sender = testSender({ resolver: dns.resolver, dial: dialCanary, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('blocked denied_address');
    expect(dialled).toEqual([]);
  });

  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://%31%32%37.0.0.1/',
    'http://169.254.169.254/',
    'https://localhost/',
    'https://metadata.google.internal/',
    'https://db/',
    'https://10.0.0.1/',
    'http://example.com\\@127.0.0.1/',
    'https://user:pw@example.com/',
    'https://example.com:22/',
    'ftp://example.com/',
    '/relative',
    '',
    'https://exa\tmple.com/',
    'https://168.63.129.16/',
    'https://[64:ff9b::7f00:1]/',
  ])('U %j is refused at sending too, before anybody is asked', async (url) => {
    await using dns = await dnsServer(() => ({ kind: 'code', code: 'SERVFAIL' }));
    await using sender = testSender({ resolver: dns.resolver, dial: dialCanary, limits });
    const result = await post(sender, url);
    expect(result).toMatchObject({ kind: 'blocked', address: null, timings: { dnsMs: null, connectMs: null } });
    expect([dialled, dns.queries]).toEqual([[], []]);
  });

  test('and a connection that arrives somewhere else is given up before a byte is sent', async () => {
    await using to = await receiver(() => undefined);
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [PUBLIC])));
    const dial: Dial = () => connect({ host: '127.0.0.1', port: to.port });
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('blocked peer_mismatch');
    await eventually(() => to.open.size === 0, { what: 'the connection given up' });
    expect(to.received.join('')).toBe('');
  });
});

describe('the checked addresses are the dialled ones', () => {
  test.each([
    ['IPv4 only', [PUBLIC], [`${PUBLIC} 80`]],
    ['IPv6 only', [PUBLIC_V6], [`${PUBLIC_V6} 80`]],
  ])('D4 %s, with one lookup for each family and the Host of the name', async (_name, values, expected) => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, values)));
    const { dial, dialled: sent } = recordingDial(to.port);
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    expect(sent).toEqual(expected);
    expect(dns.queries.toSorted()).toEqual([`A ${HOST}`, `AAAA ${HOST}`]);
    expect(to.received[0]).toContain(`\r\nhost: ${HOST}\r\n`);
  });

  test('D4 one family refuses, or hangs: the other one is used', async () => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [PUBLIC, PUBLIC_V6])));
    for (const isHanging of [false, true]) {
      const { dial: real, dialled: sent } = recordingDial((address) => (address === PUBLIC ? to.port : 1));
      // A socket that nobody connects: as a network that drops what is sent.
      const dial: Dial = (address, port) => {
        const socket = real(address, port);
        if (isHanging && address === PUBLIC_V6) socket.removeAllListeners().on('error', () => undefined);
        return isHanging && address === PUBLIC_V6 ? Object.assign(socket, { once: () => socket }) : socket;
      };
      await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
      const result = await post(sender, `http://${HOST}/`);
      expect([inShort(result), result.address]).toEqual(['200', PUBLIC]);
      expect(sent).toEqual([`${PUBLIC_V6} 80`, `${PUBLIC} 80`]);
    }
  });

  test.each(['SERVFAIL', 'REFUSED'] as const)(
    'D4 the lookup of one family ends in %s: the other one is used',
    async (code) => {
      await using to = await receiver(answering(OK));
      await using dns = await dnsServer(
        always((name, type) => (type === 'AAAA' ? { kind: 'code', code } : addresses(name, type, [PUBLIC]))),
      );
      const { dial } = recordingDial(to.port);
      await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
      expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    },
  );
});

describe('a name that gives no address is worth another try', () => {
  test.each<[string, string, DnsAnswer]>([
    ['D7', 'NXDOMAIN', { kind: 'code', code: 'NXDOMAIN' }],
    ['D7', 'SERVFAIL', { kind: 'code', code: 'SERVFAIL' }],
    ['D7', 'REFUSED', { kind: 'code', code: 'REFUSED' }],
    ['D7', 'an empty answer', { kind: 'records', records: [] }],
    [
      'D7',
      'a truncated answer',
      { kind: 'records', records: [{ name: HOST, type: 'A', value: PUBLIC }], isTruncated: true },
    ],
    [
      'D7',
      'seventeen addresses',
      addresses(
        HOST,
        'A',
        Array.from({ length: 17 }, (_, index) => `93.184.215.${index}`),
      ),
    ],
    ['D6', 'an alias of itself', { kind: 'records', records: [{ name: HOST, type: 'CNAME', value: HOST }] }],
    [
      'D6',
      'aliases that lead nowhere',
      {
        kind: 'records',
        records: Array.from({ length: 30 }, (_, index) => ({
          name: index === 0 ? HOST : `c${index}.ex`,
          type: 'CNAME',
          value: `c${index + 1}.ex`,
        })),
      },
    ],
    ['D8', 'no answer', { kind: 'mute' }],
  ])('%s %s', async (_row, _name, answer) => {
    await using dns = await dnsServer(
      always((_asked, type) =>
        type === 'A' ? answer : { kind: answer.kind === 'mute' ? 'mute' : 'records', records: [] },
      ),
    );
    await using sender = testSender({ resolver: dns.resolver, dial: dialCanary, limits });
    const result = await post(sender, `https://${HOST}/s3cret`);
    expect(inShort(result)).toBe('failed dns');
    expect(result).toMatchObject({ message: expect.stringContaining(HOST), timings: { connectMs: null } });
    expect(result.timings.totalMs).toBeLessThan(2 * limits.dnsMs + 300);
  });

  test('D8 and two hundred names without an answer cost another origin nothing', async () => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(
      always((name, type) => (name.endsWith('.mute.example') ? { kind: 'mute' } : addresses(name, type, [PUBLIC]))),
    );
    const { dial } = recordingDial(to.port);
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    const mute = Array.from({ length: 200 }, (_, index) => post(sender, `http://n${index}.mute.example/`));
    // The buffer of a UDP socket does not hold all four hundred questions that are asked at once.
    await eventually(() => dns.queries.length >= 200, { what: 'the lookups under way', deadlineMs: limits.dnsMs });
    const result = await post(sender, `http://${HOST}/`);
    expect(inShort(result)).toBe('200');
    expect(result.timings.totalMs).toBeLessThan(limits.dnsMs);
    expect(new Set((await Promise.all(mute)).map(inShort))).toEqual(new Set(['failed dns']));
  });
});

describe('a resolver that answers nobody is a fault of ours', () => {
  test.each<[string, DnsAnswer]>([
    ['is mute', { kind: 'mute' }],
    ['has SERVFAIL for all', { kind: 'code', code: 'SERVFAIL' }],
  ])('when it %s', async (_name, answer) => {
    await using dns = await dnsServer(() => answer);
    await using sender = testSender({ resolver: dns.resolver, dial: dialCanary, limits });
    const result = await post(sender, `https://${HOST}/`);
    expect(result).toMatchObject({ kind: 'infrastructure', message: expect.stringContaining('resolver') });
  });

  test('but not while it answers for other names', async () => {
    await using dns = await dnsServer((name) => ({
      kind: 'code',
      code: name === 'gone.example' ? 'NXDOMAIN' : 'SERVFAIL',
    }));
    await using sender = testSender({ resolver: dns.resolver, dial: dialCanary, limits });
    expect(inShort(await post(sender, 'https://gone.example/'))).toBe('failed dns');
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('failed dns');
  });
});

describe('S11 many names at one address share its slots', () => {
  test('and leave the slots of other addresses alone', async () => {
    const OTHER = '93.184.216.34';
    await using hanging = await receiver(() => undefined);
    await using healthy = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [name === HOST ? OTHER : PUBLIC])));
    const { dial, dialled: sent } = recordingDial((address) => (address === OTHER ? healthy.port : hanging.port));
    await using sender = testSender({
      resolver: dns.resolver,
      dial,
      limits,
      policy: httpPolicy(),
      attemptsPerAddress: 3,
    });
    const attempts = Array.from({ length: 10 }, (_, index) => post(sender, `http://n${index}.evil${index}.example/`));
    await eventually(() => hanging.requestCount() === 3, { what: 'three attempts under way' });
    const result = await post(sender, `http://${HOST}/`);
    expect([inShort(result), sent.filter((to) => to.startsWith(PUBLIC)).length]).toEqual(['200', 3]);
    const outcomes = (await Promise.all(attempts)).map(inShort);
    expect(hanging.requestCount()).toBe(3);
    expect(outcomes.toSorted()).toEqual([...Array(3).fill('failed timeout'), ...Array(7).fill('infrastructure')]);
    // All slots are back: the same number can begin again.
    await Promise.all(Array.from({ length: 3 }, (_, index) => post(sender, `http://m${index}.example/`)));
    expect(hanging.requestCount()).toBe(6);
  });
});
