/**
 * TLS (class T of the hostile endpoints) and the egress proxy. Real: TLS servers with certificates made for the test, a
 * CONNECT proxy. The names resolve to a public address; the recording dialler goes to loopback.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { queryObjects } from 'node:v8';
import type { TlsOptions } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { eventually } from '@runlane/testkit';
import type { Dial } from './dial.ts';
import { certificateMaker } from '@runlane/testkit';
import { limits, short, SLACK_MS } from './hostile-answers.fixture.ts';
import {
  answering,
  inShort,
  names,
  OK,
  onRequest,
  post,
  PUBLIC,
  receiver,
  recordingDial,
  testSender,
  tlsReceiver,
} from './receivers.fixture.ts';

const HOST = 'hooks.example.com';
const maker = certificateMaker();
afterAll(() => maker[Symbol.dispose]());

const root = maker.issue({});
const intermediate = maker.issue({ issuer: root });
const good = maker.issue({ names: `DNS:${HOST}`, issuer: root });
const below = maker.issue({ names: `DNS:${HOST}`, issuer: intermediate });

/**
 * Attempts of one round of H-T6, and what each may leave behind: a socket has dozens of objects, a certificate more bytes. Objects
 * are counted, because bytes of a heap rise and fall by more than a leak of so few attempts.
 */
const ATTEMPTS = 24;
const LEAK_OBJECTS = 2;
const LEAK_BYTES = 800;
const options = (port: number) => ({
  resolver: names({ [HOST]: [PUBLIC] }),
  dial: recordingDial(port).dial,
  ca: [root.cert],
  limits,
});

test('a valid certificate is accepted; the server name and Host are those of the URL, the address is the checked one', async () => {
  await using to = await tlsReceiver(good, answering(OK));
  const { dial, dialled } = recordingDial(to.port);
  const keeping = { idleMs: 600_000, ageMs: 600_000 };
  await using sender = testSender({ ...options(to.port), dial, keeping });
  const result = await post(sender, `https://${HOST}/`);
  expect([inShort(result), result.address, dialled]).toEqual(['200', PUBLIC, [`${PUBLIC} 443`]]);
  expect(result.timings).toMatchObject({
    dnsMs: expect.any(Number),
    connectMs: expect.any(Number),
    firstByteMs: expect.any(Number),
  });
  expect(to.received[0]).toContain(`\r\nhost: ${HOST}\r\n`);
  const again = await post(sender, `https://${HOST}/`);
  expect([inShort(again), again.timings.connectMs, to.received.length]).toEqual(['200', null, 1]);
});

test('the server name is sent, and HTTP/1.1 alone is offered', async () => {
  const seen: unknown[] = [];
  await using to = await tlsReceiver({ ...good, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    if ('servername' in socket) seen.push(socket.servername, socket.alpnProtocol);
    answering(OK)(socket, 0);
  });
  await using sender = testSender(options(to.port));
  expect(inShort(await post(sender, `https://${HOST}/`))).toBe('200');
  expect(seen).toEqual([HOST, 'http/1.1']);
});

describe('a fault of TLS is tried again, and says what it is', () => {
  test.each<[string, string, TlsOptions, string]>([
    ['H-T1', 'self-signed', maker.issue({ names: `DNS:${HOST}` }), 'self-signed'],
    ['H-T1', 'expired', maker.issue({ names: `DNS:${HOST}`, issuer: root, days: [-30, -1] }), 'expired'],
    ['H-T1', 'not yet valid', maker.issue({ names: `DNS:${HOST}`, issuer: root, days: [1, 30] }), 'not valid yet'],
    ['H-T1', 'for another name', maker.issue({ names: 'DNS:other.example.com', issuer: root }), 'another name'],
    ['H-T1', 'for names below the name', maker.issue({ names: `DNS:*.${HOST}`, issuer: root }), 'another name'],
    ['H-T2', 'without its intermediate', below, 'intermediate'],
    [
      'H-T4',
      'TLS 1.1 only',
      { ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'TLS',
    ],
    [
      'H-T4',
      'no cipher in common',
      { ...good, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0', ecdhCurve: 'secp521r1' },
      'TLS',
    ],
    ['H-T5', 'a client certificate demanded', { ...good, requestCert: true, rejectUnauthorized: true }, 'TLS'],
  ])('%s %s', async (_row, _name, server, message) => {
    await using to = await tlsReceiver(server, answering(OK));
    await using sender = testSender(options(to.port));
    const result = await post(sender, `https://${HOST}/s3cret`);
    expect(inShort(result)).toBe('failed tls');
    expect(result).toMatchObject({ message: expect.stringContaining(message) });
    expect(JSON.stringify(result)).not.toContain('s3cret');
    expect(to.requestCount()).toBe(0);
  });

  test('H-T2 with its intermediate it is accepted', async () => {
    await using to = await tlsReceiver({ key: below.key, cert: below.cert + intermediate.cert }, answering(OK));
    await using sender = testSender(options(to.port));
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('200');
  });

  test('H-T1 NODE_TLS_REJECT_UNAUTHORIZED switches nothing off', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await using to = await tlsReceiver(maker.issue({ names: `DNS:${HOST}` }), answering(OK));
      await using sender = testSender(options(to.port));
      expect(inShort(await post(sender, `https://${HOST}/`))).toBe('failed tls');
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  test.each([
    ['with its address', `IP:${PUBLIC}`, '200'],
    ['with another address', 'IP:93.184.215.15', 'failed tls'],
    ['with the address as a name', `DNS:${PUBLIC}`, 'failed tls'],
  ])('H-T3 an address in the URL and a certificate %s', async (_name, san, outcome) => {
    await using to = await tlsReceiver(maker.issue({ names: san, issuer: root }), answering(OK));
    await using sender = testSender(options(to.port));
    expect(inShort(await post(sender, `https://${PUBLIC}/`))).toBe(outcome);
  });

  test('H-T4 a server that does not speak TLS', async () => {
    await using to = await receiver((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await using sender = testSender(options(to.port));
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('failed tls');
  });

  test('H-S2 a server that accepts and never says hello is a timeout of the connection', async () => {
    await using to = await receiver(() => undefined);
    await using sender = testSender({ ...options(to.port), limits: short });
    const result = await post(sender, `https://${HOST}/`);
    expect(inShort(result)).toBe('failed timeout');
    expect(result.timings.totalMs).toBeLessThan(short.connectMs + SLACK_MS);
    await eventually(() => to.open.size === 0, { what: 'the socket destroyed' });
  });

  test('H-T6 bad certificates leak no object, no external memory and no socket', async () => {
    await using to = await tlsReceiver(maker.issue({ names: 'DNS:other.example.com', issuer: root }), answering(OK));
    // Not the recorder, which remembers every address.
    const dial: Dial = (address, port) => recordingDial(to.port).dial(address, port);
    await using sender = testSender({ ...options(to.port), dial });
    const attempt = async (): Promise<void> => {
      const results = await Promise.all(Array.from({ length: ATTEMPTS }, () => post(sender, `https://${HOST}/`)));
      expect(new Set(results.map(inShort))).toEqual(new Set(['failed tls']));
      // What a busy machine has not taken down yet is no leak.
      await eventually(() => to.open.size === 0, { what: 'all sockets gone' });
    };
    // What is made once, and kept for all, is no leak either.
    await attempt();
    const levels = [{ objects: queryObjects(Object, { format: 'count' }), external: process.memoryUsage().external }];
    for (let round = 1; round <= 3; round += 1) {
      await attempt();
      levels.push({ objects: queryObjects(Object, { format: 'count' }), external: process.memoryUsage().external });
    }
    // Something else may come or go in some round; a leak rises in each.
    const rise = (of: 'objects' | 'external'): number => {
      const rises = levels.slice(1).map((level, index) => (level[of] - (levels[index]?.[of] ?? 0)) / ATTEMPTS);
      return rises.toSorted((a, b) => a - b)[1] ?? Number.NaN;
    };
    expect(rise('objects'), 'objects that each attempt leaves behind').toBeLessThan(LEAK_OBJECTS);
    expect(rise('external'), 'bytes outside of the heap that each attempt leaves behind').toBeLessThan(LEAK_BYTES);
  });
});

describe('the egress proxy', () => {
  /** A CONNECT proxy that answers as told, and connects to the given port for a 200. */
  async function proxy(answer: string, port = 0) {
    const heads: string[] = [];
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('data', (chunk) => {
        heads.push(chunk.toString('latin1'));
        if (!answer.includes(' 200 ')) {
          socket.end(answer);
          return;
        }
        const onward = recordingDial(port).dial('127.0.0.1', port);
        onward.on('error', () => socket.destroy());
        onward.once('connect', () => {
          socket.write(answer);
          onward.pipe(socket).pipe(onward);
        });
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as AddressInfo;
    return {
      heads,
      url: `http://agent:p%40ss@127.0.0.1:${address.port}`,
      [Symbol.asyncDispose]: async () => {
        for (const socket of open) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  test('is asked for the checked address, and TLS and Host are still those of the name', async () => {
    await using to = await tlsReceiver(good, answering(OK));
    await using through = await proxy('HTTP/1.1 200 Connection established\r\n\r\n', to.port);
    const { dial, dialled } = recordingDial(1);
    await using sender = testSender({ ...options(to.port), dial, proxyUrl: through.url });
    const result = await post(sender, `https://${HOST}/`);
    expect([inShort(result), result.address, dialled]).toEqual(['200', PUBLIC, []]);
    expect(through.heads[0]).toContain(`CONNECT ${PUBLIC}:443 HTTP/1.1\r\n`);
    expect(through.heads[0]).toMatch(new RegExp(`proxy-authorization: Basic ${btoa('agent:p@ss')}\r\n`, 'i'));
    expect(to.received[0]).toContain(`\r\nhost: ${HOST}\r\n`);
    expect(to.received[0]).not.toMatch(/proxy-/i);
  });

  test('gets the name instead of the address if it is configured so', async () => {
    await using to = await tlsReceiver(good, answering(OK));
    await using through = await proxy('HTTP/1.1 200 Connection established\r\n\r\n', to.port);
    await using sender = testSender({ ...options(to.port), proxyUrl: through.url, proxyBy: 'name' });
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('200');
    expect(through.heads[0]).toContain(`CONNECT ${HOST}:443 HTTP/1.1\r\nhost: ${HOST}:443\r\n`);
  });

  test.each(['address', 'name'] as const)('is not asked for a denied address, by %s', async (proxyBy) => {
    await using through = await proxy('HTTP/1.1 200 OK\r\n\r\n', 1);
    await using sender = testSender({
      ...options(1),
      resolver: names({ [HOST]: ['10.0.0.1'] }),
      proxyUrl: through.url,
      proxyBy,
    });
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('blocked denied_answer');
    expect(through.heads).toEqual([]);
  });

  test.each([
    ['403 Denied', 'blocked proxy_denied'],
    ['502 Bad Gateway', 'failed connect'],
    ['504 Gateway Timeout', 'failed connect'],
    ['407 Denied', 'blocked proxy_denied'],
    [
      '407 Denied\r\nproxy-authenticate: Basic\r\nx-smokescreen-error: host is in a denied range',
      'blocked proxy_denied',
    ],
    ['407 Authenticate\r\nproxy-authenticate: Basic', 'infrastructure'],
    ['500 Oops', 'infrastructure'],
    ['503 Busy', 'infrastructure'],
  ])('that answers %s: %s', async (status, outcome) => {
    await using through = await proxy(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`);
    await using sender = testSender({ ...options(1), proxyUrl: through.url });
    const result = await post(sender, `https://${HOST}/`);
    expect(inShort(result)).toBe(outcome);
    expect(JSON.stringify(result)).not.toMatch(/p@ss|p%40ss/);
  });

  test.each(['', 'SSH-2.0-OpenSSH\r\n'])('that answers %j is a fault of ours', async (answer) => {
    await using through = await proxy(answer);
    await using sender = testSender({ ...options(1), proxyUrl: through.url });
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('infrastructure');
  });

  test('that is down is a fault of ours', async () => {
    await using sender = testSender({ ...options(1), proxyUrl: 'http://127.0.0.1:1' });
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('infrastructure');
  });
});

test('stale connections are found over TLS too', async () => {
  await using to = await tlsReceiver(good, (socket) =>
    onRequest(socket, (count) => (count === 1 ? socket.write(OK) : socket.destroy())),
  );
  await using sender = testSender(options(to.port));
  expect(inShort(await post(sender, `https://${HOST}/`))).toBe('200');
  expect(inShort(await post(sender, `https://${HOST}/`))).toBe('failed stale_connection');
});
