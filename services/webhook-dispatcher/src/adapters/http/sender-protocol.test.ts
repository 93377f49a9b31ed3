/**
 * Class P of the hostile endpoints, and the life of connections. Real: sockets, undici, timers. The receivers are raw
 * servers on loopback, permitted by policy.
 */
import { describe, expect, test } from 'vitest';
import { eventually } from '@runlane/testkit';
import { attemptDelivery } from '../../app/attempt-delivery.ts';
import { dueTo } from '../../app/due-delivery.fixture.ts';
import { empty, head, limits, short, url } from './hostile-answers.fixture.ts';
import { answering, inShort, localSender, OK, onRequest, post, receiver } from './receivers.fixture.ts';

describe('P: success needs a complete head', () => {
  test.each<[string, string, Parameters<typeof receiver>[0]]>([
    ['H-P1', 'a reset before the head', (socket) => onRequest(socket, () => socket.resetAndDestroy())],
    [
      'H-P1',
      'a reset inside the head',
      (socket) =>
        onRequest(socket, () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-');
          setTimeout(() => socket.resetAndDestroy(), 50);
        }),
    ],
    ['H-P1', 'an end inside the head', (socket) => onRequest(socket, () => socket.end('HTTP/1.1 200 OK\r\nx: y\r\n'))],
    ['H-P2', 'an end without a byte', (socket) => onRequest(socket, () => socket.end())],
    ['H-P3', 'SSH', (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')],
    ['H-P3', 'HTTP/0.9', (socket) => onRequest(socket, () => socket.end('<html>hello</html>'))],
    ['H-P3', 'an HTTP/2 preface', (socket) => socket.end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['H-P3', 'a TLS alert', (socket) => socket.end(Buffer.from('15030100020228', 'hex'))],
    [
      'H-P4',
      '101 Switching Protocols',
      answering(head('101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade')),
    ],
    ['H-P4', 'an unasked 100 Continue', answering(`${head('100 Continue')}${OK}`)],
    ['H-P5', 'length and chunks', answering(`${head('200 OK', 'content-length: 2', 'transfer-encoding: chunked')}ok`)],
    ['H-P5', 'two lengths', answering(`${head('200 OK', 'content-length: 2', 'content-length: 3')}ok`)],
    ['H-P5', 'a length that is no number', answering(`${head('200 OK', 'content-length: 2x')}ok`)],
    ['H-P6', 'NUL in a header', answering(empty('200 OK', 'x: a\u0000b'))],
  ])('%s %s is a failure of the protocol', async (_row, _name, script) => {
    await using to = await receiver(script);
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('failed protocol');
    await eventually(() => to.open.size === 0, { what: 'the socket destroyed', deadlineMs: 2_000 });
  });

  test.each([
    ['lines that end in \\n only', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n'],
  ])('H-P5 %s: refused, or the status counts', async (_name, answer) => {
    await using to = await receiver(answering(answer));
    await using sender = localSender({ limits: short });
    expect(['200', 'failed protocol', 'failed timeout']).toContain(inShort(await post(sender, url(to))));
  });

  test('H-P1 a reset on accept is a failure, of the connection or of the protocol, as timing decides', async () => {
    await using to = await receiver((socket) => socket.resetAndDestroy());
    await using sender = localSender({ limits });
    expect(['failed connect', 'failed protocol']).toContain(inShort(await post(sender, url(to))));
  });

  test.each(['408', '421', '425'])('H-P8 an early %s and then the end counts by its status', async (status) => {
    await using to = await receiver((socket) => socket.end(empty(`${status} Early`, 'connection: close')));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe(status);
  });

  test('H-P7 surplus bytes are no answer to the next delivery', async () => {
    await using to = await receiver((socket, index) =>
      onRequest(socket, () => socket.write(index === 0 ? `${OK}${empty('202 Surplus')}` : empty('204 Own'))),
    );
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('200');
    const second = await post(sender, url(to));
    expect(['204', 'failed stale_connection', 'failed protocol']).toContain(inShort(second));
  });
});

/** However slow the machine is, it is not the idle time that ends a connection. */
const keeping = { idleMs: 600_000, ageMs: 600_000 };

describe('connections', () => {
  test('are used again, and the request has the right headers and no others', async () => {
    await using to = await receiver(answering(OK));
    await using sender = localSender({ limits, keeping });
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

  test('H-P2 that were kept and are reset are stale, not a failure of the receiver', async () => {
    await using to = await receiver((socket) =>
      onRequest(socket, (count) => (count === 1 ? socket.write(OK) : socket.resetAndDestroy())),
    );
    await using sender = localSender({ limits, keeping });
    expect(inShort(await post(sender, url(to)))).toBe('200');
    expect(inShort(await post(sender, url(to)))).toBe('failed stale_connection');
    expect(inShort(await post(sender, url(to)))).toBe('200');
    expect(to.requestCount()).toBe(3);
  });

  test('that were kept are not used by a request that wants a fresh one', async () => {
    const bothCame = Promise.withResolvers<void>();
    await using to = await receiver((socket, index) => {
      if (index === 1) bothCame.resolve();
      onRequest(socket, (count) => {
        if (index > 1) socket.write(OK);
        else if (count === 1) void bothCame.promise.then(() => socket.write(OK));
        else socket.resetAndDestroy();
      });
    });
    await using sender = localSender({ limits, keeping });
    const kept = await Promise.all([post(sender, url(to)), post(sender, url(to))]);
    expect(kept.map(inShort)).toEqual(['200', '200']);

    expect(inShort(await post(sender, url(to)))).toBe('failed stale_connection');
    expect(inShort(await post(sender, url(to), { isOnFreshConnection: true }))).toBe('200');
    expect(to.received).toHaveLength(3);
  });

  // Some of so many go out on a connection that is just being closed; how many depends on the machine.
  test('that are closed after each answer without notice cost no delivery an attempt', async () => {
    await using to = await receiver((socket) => onRequest(socket, () => socket.end(OK)));
    await using sender = localSender({ limits, keeping });
    const deliver = () =>
      attemptDelivery(dueTo(url(to)), { isTrusted: true, body: Buffer.from('{}') }, new AbortController().signal, {
        sender,
        headers: () => ({ 'webhook-id': 'msg_1' }),
        now: () => new Date(),
      });
    for (let n = 0; n < 40; n += 1) {
      const { result, attempts } = await deliver();
      expect(inShort(result)).toBe('200');
      expect(attempts.filter(({ isCharged }) => isCharged)).toHaveLength(1);
    }
  });

  test('H-P2 that were kept and break inside an answer are a failure of the protocol', async () => {
    await using to = await receiver((socket) =>
      onRequest(socket, (count) => (count === 1 ? socket.write(OK) : socket.end('HTTP/1.1 200 OK\r\nx: '))),
    );
    await using sender = localSender({ limits, keeping });
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

  test('are refused when nobody listens', async () => {
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

test('an answer counts even when the caller aborts while its body is read', async () => {
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
