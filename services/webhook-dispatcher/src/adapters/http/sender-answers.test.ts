/**
 * What answers come to: classes R, S and P of the hostile endpoints. Real: sockets, undici, timers. The receivers are
 * raw servers on loopback, permitted by policy.
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventually } from '@runlane/testkit';
import { answering, inShort, localSender, OK, onRequest, post, receiver } from './receivers.fixture.ts';
import type { Receiver } from './receivers.fixture.ts';

/** Short deadlines in the order of the real ones. */
const limits = { dnsMs: 200, connectMs: 400, headersMs: 600, totalMs: 900, slotMs: 300 };

const url = (to: Receiver, path = '/hook?token=s3cret-token'): string => `http://127.0.0.1:${to.port}${path}`;
const head = (status: string, ...headers: string[]): string =>
  `HTTP/1.1 ${status}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
const empty = (status: string, ...headers: string[]): string => head(status, 'content-length: 0', ...headers);

describe('R: the status of a final answer decides', () => {
  test.each([
    ...['200 OK', '201 Created', '202 Accepted', '204 No Content', '299 Fine'].map((status) => ['R3', status]),
    ...['300 Many', '304 Not Modified', '400 Bad', '401 No', '403 No', '404 No', '413 Big', '415 No', '422 No'].map(
      (s) => ['R8', s],
    ),
    ...['410 Gone', '500 Oops', '502 Bad', '503 Later', '504 Slow', '520 Odd', '599 Odd'].map((s) => ['R5', s]),
  ])('%s %s', async (_row, status = '') => {
    await using to = await receiver(
      answering(status.startsWith('204') || status.startsWith('304') ? head(status) : empty(status)),
    );
    await using sender = localSender({ limits });
    const result = await post(sender, url(to));
    expect(inShort(result)).toBe(status.slice(0, 3));
    expect(result.address).toBe('127.0.0.1');
  });

  test.each([
    ['R1', '301', 'location: http://169.254.169.254/latest/meta-data/'],
    ['R1', '302', 'location: /elsewhere'],
    ['R1', '303', 'location: https://example.com/'],
    ['R2', '307', 'location: http://127.0.0.1/'],
    ['R2', '308', 'location: ?'],
    ['R2', '307', 'x-no: location'],
  ])('%s a %s with "%s" is an answer, and nothing is asked again', async (_row, status, location) => {
    await using to = await receiver(answering(empty(`${status} Moved`, location)));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe(status);
    expect(to.requestCount()).toBe(1);
    expect(to.received).toHaveLength(1);
  });

  test.each(['600 Odd', '700 Odd', '999 Odd'])('%s is no status of an answer', async (status) => {
    await using to = await receiver(answering(empty(status)));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('failed protocol');
  });

  test.each([
    ['R7', '503', ['retry-after: 120'], 120],
    ['R7', '429', ['retry-after: 9999999999'], 86_400],
    ['R7', '503', ['retry-after: soon'], null],
    ['R7', '503', ['retry-after: 10', 'retry-after: 20'], 20],
    ['R7', '503', ['retry-after: -1'], null],
    ['R7', '502', [], null],
  ])('%s a %s with %j asks to wait %s seconds', async (_row, status, headers, seconds) => {
    await using to = await receiver(answering(empty(`${status} x`, ...headers)));
    await using sender = localSender({ limits });
    expect(await post(sender, url(to))).toMatchObject({ kind: 'response', retryAfterSeconds: seconds });
  });

  test.each([
    ['R9', '400', ['webhook-delivery: abort-message'], 'abort-message'],
    ['R9', '404', ['Webhook-Delivery: Disable'], 'disable'],
    ['R9', '404', ['webhook-delivery: abort-message', 'webhook-delivery: disable'], 'disable'],
    ['R9', '404', ['webhook-delivery: nonsense'], null],
    ['R9', '200', ['webhook-delivery: disable'], null],
    ['R9', '503', ['webhook-delivery: disable'], null],
  ])('%s a %s with %j instructs %s', async (_row, status, headers, instruction) => {
    await using to = await receiver(answering(empty(`${status} x`, ...headers)));
    await using sender = localSender({ limits });
    expect(await post(sender, url(to))).toMatchObject({ kind: 'response', instruction });
  });

  test('R10 the body of a 200 means nothing, and is kept for people without what it copied from the request', async () => {
    const body = '{"error":"no"} at /hook?token=s3cret-token with Bearer top-secret \u0000';
    await using to = await receiver(answering(`${head('200 OK', `content-length: ${body.length}`)}${body}`));
    await using sender = localSender({ limits });
    const result = await post(sender, url(to), { headers: { authorization: 'Bearer top-secret' } });
    expect(result).toMatchObject({
      kind: 'response',
      status: 200,
      bodyBytes: body.length,
      bodyExcerpt: '{"error":"no"} at [redacted] with [redacted] \ufffd',
    });
  });

  test('whatever the status line, only a final 2xx succeeds and nothing throws', async () => {
    const statusLine = fc.oneof(
      fc
        .tuple(fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2', 'HTTP', ''), fc.integer({ min: 0, max: 1200 }))
        .map((x) => x.join(' ')),
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    );
    let line = '';
    await using to = await receiver((socket) =>
      onRequest(socket, () => socket.end(`${line}\r\ncontent-length: 0\r\n\r\n`)),
    );
    await using sender = localSender({ limits });
    await fc.assert(
      fc.asyncProperty(statusLine, async (given) => {
        line = given;
        const result = await post(sender, url(to));
        const isFinal2xx = /^HTTP\/1\.[01] 2\d\d( |$)/.test(given);
        expect(result.kind === 'response' && result.status >= 200 && result.status < 300).toBe(isFinal2xx);
        expect(
          result.kind === 'response' ? result.status >= 200 && result.status <= 599 : result.kind === 'failed',
        ).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('S: no pattern of bytes outlives its deadline', () => {
  /** Sends the text, then the drip every few milliseconds until the connection is gone. */
  const dripping = (first: string, drip: string) => (socket: Parameters<Parameters<typeof receiver>[0]>[0]) => {
    onRequest(socket, () => {
      socket.write(first, 'latin1');
      const timer = setInterval(() => socket.write(drip, 'latin1'), 10);
      socket.once('close', () => clearInterval(timer));
    });
  };

  test.each([
    ['S1', 'no answer', () => undefined, limits.headersMs],
    ['S3', 'a head that drips', dripping('HTTP/1.1 200 OK\r\nx: ', 'a'), limits.headersMs],
    ['S7', 'a flood of 102', dripping('', 'HTTP/1.1 102 Processing\r\n\r\n'), limits.headersMs],
    ['S7', 'a flood of 103', dripping('', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), limits.headersMs],
    ['S9', 'headers without end', dripping('HTTP/1.1 200 OK\r\n', 'x: y\r\n'), limits.headersMs],
  ])('%s %s is a timeout', async (_row, _name, script, deadlineMs) => {
    await using to = await receiver(script);
    await using sender = localSender({ limits });
    const result = await post(sender, url(to));
    expect(inShort(result)).toBe('failed timeout');
    expect(result.timings.totalMs).toBeLessThan(deadlineMs + 250);
    await eventually(() => to.open.size === 0, { what: 'the socket destroyed', deadlineMs: 2_000 });
  });

  test('S2 a connection that is never accepted is a timeout, at the deadline of the connection', async () => {
    await using silent = await receiver((socket) => socket.pause());
    await using sender = localSender({ limits });
    const result = await post(sender, url(silent));
    expect(inShort(result)).toBe('failed timeout');
  });

  test.each([
    ['S4', 'drips', dripping(head('200 OK', 'content-length: 100000'), 'b')],
    ['S4', 'never comes', dripping(head('200 OK', 'content-length: 10'), '')],
    ['S5', 'has no end', dripping(head('200 OK', 'transfer-encoding: chunked'), `4000\r\n${'x'.repeat(0x4000)}\r\n`)],
    ['S5', 'claims 10 GB', dripping(head('200 OK', 'content-length: 10000000000'), 'x'.repeat(5000))],
    ['S6', 'is cut off', (socket) => onRequest(socket, () => socket.end(`${head('200 OK', 'content-length: 10')}ab`))],
    [
      'S6',
      'ends in a reset',
      (socket) =>
        onRequest(socket, () => {
          socket.write(`${head('200 OK', 'content-length: 10')}ab`);
          setTimeout(() => socket.resetAndDestroy(), 50);
        }),
    ],
  ] as [string, string, Parameters<typeof receiver>[0]][])(
    '%s a body that %s leaves a 200 a 200',
    async (_row, _name, script) => {
      await using to = await receiver(script);
      await using sender = localSender({ limits });
      const result = await post(sender, url(to));
      expect(inShort(result)).toBe('200');
      expect(result.kind === 'response' && result.bodyBytes).toBeLessThanOrEqual(16_384);
      expect(result.timings.totalMs).toBeLessThan(limits.totalMs + 250);
      await eventually(() => to.open.size === 0, { what: 'the socket destroyed', deadlineMs: 2_000 });
    },
  );

  test('S5 a compressed body is not inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    await using to = await receiver((socket) =>
      onRequest(socket, () => {
        socket.write(head('200 OK', 'content-encoding: gzip', `content-length: ${bomb.length}`));
        socket.write(bomb);
      }),
    );
    await using sender = localSender({ limits });
    expect(await post(sender, url(to))).toMatchObject({ status: 200, bodyBytes: bomb.length, bodyExcerpt: null });
    expect(bomb.length).toBeLessThan(16_384);
  });

  test.each([
    ['64 KiB in one', `x: ${'a'.repeat(65_536)}\r\n`],
    ['10 000 lines', 'x: y\r\n'.repeat(10_000)],
  ])('S8 a head of %s is refused', async (_name, headers) => {
    await using to = await receiver(answering(`HTTP/1.1 200 OK\r\n${headers}\r\n`));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('failed protocol');
  });

  test('S12 a receiver that does not read is a timeout', async () => {
    await using to = await receiver((socket) => socket.pause());
    await using sender = localSender({ limits });
    const result = await post(sender, url(to), { body: Buffer.alloc(16 * 1024 * 1024) });
    expect(inShort(result)).toBe('failed timeout');
    expect(result.timings.totalMs).toBeLessThan(limits.headersMs + 300);
  });
});

describe('P: success needs a complete head', () => {
  test.each<[string, string, Parameters<typeof receiver>[0]]>([
    ['P1', 'a reset before the head', (socket) => onRequest(socket, () => socket.resetAndDestroy())],
    [
      'P1',
      'a reset inside the head',
      (socket) =>
        onRequest(socket, () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-');
          setTimeout(() => socket.resetAndDestroy(), 50);
        }),
    ],
    ['P1', 'an end inside the head', (socket) => onRequest(socket, () => socket.end('HTTP/1.1 200 OK\r\nx: y\r\n'))],
    ['P2', 'an end without a byte', (socket) => onRequest(socket, () => socket.end())],
    ['P3', 'SSH', (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')],
    ['P3', 'HTTP/0.9', (socket) => onRequest(socket, () => socket.end('<html>hello</html>'))],
    ['P3', 'an HTTP/2 preface', (socket) => socket.end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['P3', 'a TLS alert', (socket) => socket.end(Buffer.from('15030100020228', 'hex'))],
    [
      'P4',
      '101 Switching Protocols',
      answering(head('101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade')),
    ],
    ['P4', 'an unasked 100 Continue', answering(`${head('100 Continue')}${OK}`)],
    ['P5', 'length and chunks', answering(`${head('200 OK', 'content-length: 2', 'transfer-encoding: chunked')}ok`)],
    ['P5', 'two lengths', answering(`${head('200 OK', 'content-length: 2', 'content-length: 3')}ok`)],
    ['P5', 'a length that is no number', answering(`${head('200 OK', 'content-length: 2x')}ok`)],
    ['P6', 'NUL in a header', answering(empty('200 OK', 'x: a\u0000b'))],
  ])('%s %s is a failure of the protocol', async (_row, _name, script) => {
    await using to = await receiver(script);
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('failed protocol');
    await eventually(() => to.open.size === 0, { what: 'the socket destroyed', deadlineMs: 2_000 });
  });

  test.each([
    ['lines that end in \\n only', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n'],
  ])('P5 %s: refused, or the status counts', async (_name, answer) => {
    await using to = await receiver(answering(answer));
    await using sender = localSender({ limits });
    expect(['200', 'failed protocol', 'failed timeout']).toContain(inShort(await post(sender, url(to))));
  });

  test('P1 a reset on accept is a failure, of the connection or of the protocol as it races', async () => {
    await using to = await receiver((socket) => socket.resetAndDestroy());
    await using sender = localSender({ limits });
    expect(['failed connect', 'failed protocol']).toContain(inShort(await post(sender, url(to))));
  });

  test.each(['408', '421', '425'])('P8 an early %s and the end counts by its status', async (status) => {
    await using to = await receiver((socket) => socket.end(empty(`${status} Early`, 'connection: close')));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe(status);
  });

  test('P7 surplus bytes are no answer to the next delivery', async () => {
    await using to = await receiver((socket, index) =>
      onRequest(socket, () => socket.write(index === 0 ? `${OK}${empty('202 Surplus')}` : empty('204 Own'))),
    );
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('200');
    const second = await post(sender, url(to));
    expect(['204', 'failed stale_connection', 'failed protocol']).toContain(inShort(second));
  });
});

describe('connections', () => {
  test('are used again, and the request says nothing but what it should', async () => {
    await using to = await receiver(answering(OK));
    await using sender = localSender({ limits });
    expect([inShort(await post(sender, url(to))), inShort(await post(sender, url(to)))]).toEqual(['200', '200']);
    expect(to.received).toHaveLength(1);
    expect(to.received[0]?.split('\r\n').slice(0, 8)).toEqual([
      'POST /hook?token=s3cret-token HTTP/1.1',
      `host: 127.0.0.1:${to.port}`,
      'connection: keep-alive',
      'content-type: application/json',
      'webhook-id: msg_1',
      'user-agent: runlane-webhooks/1.2.3',
      'content-length: 24',
      '',
    ]);
  });

  test('P2 that were kept and are reset are stale, not a failure of the receiver', async () => {
    await using to = await receiver((socket) =>
      onRequest(socket, (count) => (count === 1 ? socket.write(OK) : socket.resetAndDestroy())),
    );
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('200');
    expect(inShort(await post(sender, url(to)))).toBe('failed stale_connection');
    expect(inShort(await post(sender, url(to)))).toBe('200');
    expect(to.requestCount()).toBe(3);
  });

  test('P2 that were kept and break inside an answer are a failure of the protocol', async () => {
    await using to = await receiver((socket) =>
      onRequest(socket, (count) => (count === 1 ? socket.write(OK) : socket.end('HTTP/1.1 200 OK\r\nx: '))),
    );
    await using sender = localSender({ limits });
    await post(sender, url(to));
    expect(inShort(await post(sender, url(to)))).toBe('failed protocol');
  });

  test('that were closed while idle are opened again without a failure', async () => {
    await using to = await receiver((socket) => onRequest(socket, () => socket.end(OK)));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('200');
    await eventually(() => to.open.size === 0, { what: 'the connection closed' });
    expect(inShort(await post(sender, url(to)))).toBe('200');
    expect(to.received).toHaveLength(2);
  });

  test('are refused: nobody listens', async () => {
    let port = 0;
    {
      await using to = await receiver(() => undefined);
      port = to.port;
    }
    await using sender = localSender({ limits });
    const result = await post(sender, `http://127.0.0.1:${port}/`);
    expect(result).toMatchObject({
      kind: 'failed',
      class: 'connect',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('and attempts end when the caller aborts or the sender closes, as a fault of ours', async () => {
    await using to = await receiver(() => undefined);
    await using sender = localSender();
    const stop = new AbortController();
    const [aborted, closed] = [
      sender.send({ url: url(to), headers: {}, body: Buffer.alloc(0) }, stop.signal),
      post(sender, url(to)),
    ];
    await eventually(() => to.requestCount() === 2, { what: 'both requests' });
    stop.abort();
    expect(inShort(await aborted)).toBe('infrastructure');
    await sender.close();
    expect(inShort(await closed)).toBe('infrastructure');
    expect(inShort(await post(sender, url(to)))).toBe('infrastructure');
    await eventually(() => to.open.size === 0, { what: 'all sockets destroyed' });
  });
});

test('an answer that came counts even when the caller aborts while its body is read', async () => {
  await using to = await receiver((socket) =>
    onRequest(socket, () => socket.write(head('410 Gone', 'content-length: 10'))),
  );
  await using sender = localSender();
  const stop = new AbortController();
  const sending = sender.send({ url: url(to), headers: {}, body: Buffer.alloc(0) }, stop.signal);
  await eventually(() => to.requestCount() === 1, { what: 'the request' });
  setTimeout(() => stop.abort(), 100);
  expect(inShort(await sending)).toBe('410');
});

test.each([
  'host',
  'Connection',
  'content-length',
  'transfer-encoding',
  'te',
  'upgrade',
  'expect',
  'cookie',
  'user-agent',
  'proxy-authorization',
  'x-forwarded-for',
  'metadata',
])('H1 a request with the header %s is not sent', async (name) => {
  await using to = await receiver(answering(OK));
  await using sender = localSender({ limits });
  expect(inShort(await post(sender, url(to), { headers: { [name]: 'x' } }))).toBe('blocked reserved_header');
  expect(to.received).toEqual([]);
});

test.each(['a\r\nhost: internal', 'a\u0000', 'tökén\u{1f600}'])('H1 a header value %j is not sent', async (value) => {
  await using to = await receiver(answering(OK));
  await using sender = localSender({ limits });
  expect(inShort(await post(sender, url(to), { headers: { 'x-token': value } }))).toBe('blocked invalid_request');
  expect(to.requestCount()).toBe(0);
});
