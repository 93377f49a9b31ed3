/**
 * I13: no packet leaves for an address that the policy denies; rows of the classes D, A and U of the hostile endpoints
 * at the moment of sending. Real: c-ares against a scripted DNS server, undici, sockets. Doubled: the dialler, which
 * records where it is sent. A byte on a canary fails the test that caused it.
 */
import { connect } from 'node:net';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { eventually } from '@runlane/testkit';
import { always, canaries, HOST, httpPolicy, PUBLIC_V6 } from './canaries.fixture.ts';
import type { Dial } from './dial.ts';
import { addresses, dnsServer } from './dns-server.fixture.ts';
import type { DnsRecord } from './dns-server.fixture.ts';
import { limits } from './hostile-answers.fixture.ts';
import { inShort, OK, onRequest, post, PUBLIC, receiver, recordingDial, testSender } from './receivers.fixture.ts';

const birds = await canaries();
afterAll(() => birds[Symbol.asyncDispose]());
afterEach(() => {
  birds.dialled.length = 0;
  if (birds.hits.length > 0) throw new Error(`A canary was reached: ${birds.hits.splice(0).join(', ')}.`);
});

describe('a denied address is never dialled', () => {
  test.each([
    ['H-D1', 'loopback', ['127.0.0.1']],
    ['H-D1', 'IPv6 loopback', ['::1']],
    ['H-D2', 'a public and a private address', [PUBLIC, '10.0.0.1']],
    ['H-D2', 'a private and a public address', ['192.168.0.1', PUBLIC]],
    ['H-D2', 'a public IPv4 and a private IPv6 address', [PUBLIC, 'fd00::1']],
    ['H-D2', 'a public IPv6 and a private IPv4 address', [PUBLIC_V6, '172.16.0.1']],
    ['H-D2', 'a mapped loopback address', ['0:0:0:0:0:ffff:7f00:1']],
    ['H-D2', 'an IPv4-compatible public address', ['0:0:0:0:0:0:808:808']],
    ['H-D2', 'a NAT64 form', ['64:ff9b::7f00:1']],
    ['H-D3', 'the metadata service', ['169.254.169.254']],
    ['H-D3', 'the wire server', ['168.63.129.16']],
    ['H-D3', 'unspecified addresses', ['0.0.0.0']],
    ['H-D10', 'our own public address', ['203.0.114.7']],
  ])('%s when the name has %s', async (_row, _name, values) => {
    await using dns = await dnsServer(always((name, type) => addresses(name, type, values)));
    await using sender = testSender({
      resolver: dns.resolver,
      dial: birds.dial,
      limits,
      policy: httpPolicy(['203.0.114.7']),
    });
    for (const scheme of ['http', 'https']) {
      const result = await post(sender, `${scheme}://${HOST}/s3cret?token=s3cret`);
      expect(inShort(result)).toBe('blocked denied_answer');
      expect(JSON.stringify(result)).not.toContain('s3cret');
    }
    expect(birds.dialled).toEqual([]);
  });

  test.each([
    ['a private address', '2001:67c:2b0:db32:0:1:7f00:1', 'blocked denied_answer', []],
    ['a public address', '2001:67c:2b0:db32:0:1:5db8:d822', '200', ['2001:67c:2b0:db32:0:1:5db8:d822 80']],
  ])('H-D2 an address of the NAT64 of the network is judged as %s', async (_name, value, outcome, dialled) => {
    await using to = await receiver((socket) => onRequest(socket, () => socket.end(OK)));
    const told = ['2001:67c:2b0:db32:0:1:c000:aa', '2001:67c:2b0:db32:0:1:c000:ab'];
    await using dns = await dnsServer((name, type) =>
      name === 'ipv4only.arpa' ? addresses(name, type, told) : addresses(name, type, [value]),
    );
    const real = recordingDial(to.port);
    await using sender = testSender({ resolver: dns.resolver, dial: real.dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe(outcome);
    expect(real.dialled).toEqual(dialled);
  });

  test('H-D1 when the name was public before (rebinding)', async () => {
    let isPublic = true;
    await using to = await receiver((socket) => onRequest(socket, () => socket.end(OK)));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [isPublic ? PUBLIC : '127.0.0.1'])));
    const real = recordingDial(to.port);
    const dial: Dial = (address, port) => (isPublic ? real.dial(address, port) : birds.dial(address, port));
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    await eventually(() => to.open.size === 0, { what: 'the connection closed' });
    isPublic = false;
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('blocked denied_answer');
    expect(real.dialled).toEqual([`${PUBLIC} 80`]);
    expect(birds.dialled).toEqual([]);
  });

  test('H-D5 a kept connection stays in use when its name becomes private, and a new one is refused', async () => {
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
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('blocked denied_answer');
    expect(sent).toHaveLength(1);
    expect(to.requestCount()).toBe(3);
  });

  test.each([
    [
      'H-D6',
      'an alias of an internal name',
      [
        { name: HOST, type: 'CNAME', value: 'db.corp.example' },
        { name: 'db.corp.example', type: 'A', value: '10.0.0.5' },
      ],
    ],
    [
      'H-D6',
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
    await using sender = testSender({ resolver: dns.resolver, dial: birds.dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('blocked denied_answer');
    expect(birds.dialled).toEqual([]);
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
  ])('U %j is refused at sending too, before any lookup', async (url) => {
    await using dns = await dnsServer(() => ({ kind: 'code', code: 'SERVFAIL' }));
    await using sender = testSender({ resolver: dns.resolver, dial: birds.dial, limits });
    const result = await post(sender, url);
    expect(result).toMatchObject({ kind: 'blocked', address: null, timings: { dnsMs: null, connectMs: null } });
    expect([birds.dialled, dns.queries]).toEqual([[], []]);
  });

  test('and a connection to another address is given up before a byte is sent', async () => {
    await using to = await receiver(() => undefined);
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [PUBLIC])));
    const dial: Dial = () => connect({ host: '127.0.0.1', port: to.port });
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('blocked peer_mismatch');
    await eventually(() => to.open.size === 0, { what: 'the connection given up' });
    expect(to.received.join('')).toBe('');
  });
});
