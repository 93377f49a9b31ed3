/**
 * Class S of the hostile endpoints: receivers that send slowly, too much, nothing or without end. Real: sockets,
 * undici, timers, with short deadlines.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { eventually } from '@runlane/testkit';
import { head, limits, short, SLACK_MS, url } from './hostile-answers.fixture.ts';
import { answering, inShort, localSender, onRequest, post, receiver } from './receivers.fixture.ts';

describe('S: no pattern of bytes lasts longer than its deadline', () => {
  /** Sends the text, then the drip every few milliseconds until the connection is gone. */
  const dripping = (first: string, drip: string) => (socket: Parameters<Parameters<typeof receiver>[0]>[0]) => {
    onRequest(socket, () => {
      socket.write(first, 'latin1');
      const timer = setInterval(() => socket.write(drip, 'latin1'), 10);
      socket.once('close', () => clearInterval(timer));
    });
  };

  test.each([
    ['H-S1', 'no answer', () => undefined, short.headersMs],
    ['H-S3', 'a head that drips', dripping('HTTP/1.1 200 OK\r\nx: ', 'a'), short.headersMs],
    ['H-S7', 'a flood of 102', dripping('', 'HTTP/1.1 102 Processing\r\n\r\n'), short.headersMs],
    ['H-S7', 'a flood of 103', dripping('', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), short.headersMs],
    ['H-S9', 'headers without end', dripping('HTTP/1.1 200 OK\r\n', 'x: y\r\n'), short.headersMs],
  ])('%s %s is a timeout', async (_row, _name, script, deadlineMs) => {
    await using to = await receiver(script);
    await using sender = localSender({ limits: short });
    const result = await post(sender, url(to));
    expect(inShort(result)).toBe('failed timeout');
    expect(result.timings.totalMs).toBeLessThan(deadlineMs + SLACK_MS);
    await eventually(() => to.open.size === 0, { what: 'the socket destroyed', deadlineMs: 2_000 });
  });

  test('H-S2 a connection that is never accepted is a timeout, at the deadline of the connection', async () => {
    await using silent = await receiver((socket) => socket.pause());
    await using sender = localSender({ limits: short });
    const result = await post(sender, url(silent));
    expect(inShort(result)).toBe('failed timeout');
  });

  test.each([
    ['H-S4', 'drips', dripping(head('200 OK', 'content-length: 100000'), 'b')],
    ['H-S4', 'never comes', dripping(head('200 OK', 'content-length: 10'), '')],
    ['H-S5', 'has no end', dripping(head('200 OK', 'transfer-encoding: chunked'), `4000\r\n${'x'.repeat(0x4000)}\r\n`)],
    ['H-S5', 'claims 10 GB', dripping(head('200 OK', 'content-length: 10000000000'), 'x'.repeat(5000))],
    [
      'H-S6',
      'is cut off',
      (socket) => onRequest(socket, () => socket.end(`${head('200 OK', 'content-length: 10')}ab`)),
    ],
    [
      'H-S6',
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
      await using sender = localSender({ limits: short });
      const result = await post(sender, url(to));
      expect(inShort(result)).toBe('200');
      expect(result.kind === 'response' && result.bodyBytes).toBeLessThanOrEqual(16_384);
      expect(result.timings.totalMs).toBeLessThan(short.totalMs + SLACK_MS);
      await eventually(() => to.open.size === 0, { what: 'the socket destroyed', deadlineMs: 2_000 });
    },
  );

  test('H-S5 a compressed body is not inflated', async () => {
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
  ])('H-S8 a head of %s is refused', async (_name, headers) => {
    await using to = await receiver(answering(`HTTP/1.1 200 OK\r\n${headers}\r\n`));
    await using sender = localSender({ limits });
    expect(inShort(await post(sender, url(to)))).toBe('failed protocol');
  });

  test('H-S12 a receiver that does not read is a timeout', async () => {
    await using to = await receiver((socket) => socket.pause());
    await using sender = localSender({ limits: short });
    const result = await post(sender, url(to), { body: Buffer.alloc(16 * 1024 * 1024) });
    expect(inShort(result)).toBe('failed timeout');
    expect(result.timings.totalMs).toBeLessThan(short.headersMs + SLACK_MS);
  });
});
