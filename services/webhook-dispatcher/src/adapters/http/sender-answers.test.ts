/**
 * How final answers are judged, and what requests carry: classes R and H of the hostile endpoints. Real: sockets,
 * undici, timers. The receivers are raw servers on loopback, permitted by policy.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { empty, head, limits, url } from './hostile-answers.fixture.ts';
import { answering, inShort, localSender, OK, onRequest, post, receiver } from './receivers.fixture.ts';

describe('R: the status of a final answer decides', () => {
  test.each([
    ...['200 OK', '201 Created', '202 Accepted', '204 No Content', '299 Fine'].map((status) => ['H-R3', status]),
    ...['300 Many', '304 Not Modified', '400 Bad', '401 No', '403 No', '404 No', '413 Big', '415 No', '422 No'].map(
      (s) => ['H-R8', s],
    ),
    ...['410 Gone', '500 Oops', '502 Bad', '503 Later', '504 Slow', '520 Odd', '599 Odd'].map((s) => ['H-R5', s]),
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
    ['H-R1', '301', 'location: http://169.254.169.254/latest/meta-data/'],
    ['H-R1', '302', 'location: /elsewhere'],
    ['H-R1', '303', 'location: https://example.com/'],
    ['H-R2', '307', 'location: http://127.0.0.1/'],
    ['H-R2', '308', 'location: ?'],
    ['H-R2', '307', 'x-no: location'],
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
    ['H-R7', '503', ['retry-after: 120'], 120],
    ['H-R7', '429', ['retry-after: 9999999999'], 86_400],
    ['H-R7', '503', ['retry-after: soon'], null],
    ['H-R7', '503', ['retry-after: 10', 'retry-after: 20'], 20],
    ['H-R7', '503', ['retry-after: -1'], null],
    ['H-R7', '502', [], null],
  ])('%s a %s with %j asks for a wait of %s seconds', async (_row, status, headers, seconds) => {
    await using to = await receiver(answering(empty(`${status} x`, ...headers)));
    await using sender = localSender({ limits });
    expect(await post(sender, url(to))).toMatchObject({ kind: 'response', retryAfterSeconds: seconds });
  });

  test.each([
    ['H-R9', '400', ['webhook-delivery: abort-message'], 'abort-message'],
    ['H-R9', '404', ['Webhook-Delivery: Disable'], 'disable'],
    ['H-R9', '404', ['webhook-delivery: abort-message', 'webhook-delivery: disable'], 'disable'],
    ['H-R9', '404', ['webhook-delivery: nonsense'], null],
    ['H-R9', '200', ['webhook-delivery: disable'], null],
    ['H-R9', '503', ['webhook-delivery: disable'], null],
  ])('%s a %s with %j instructs %s', async (_row, status, headers, instruction) => {
    await using to = await receiver(answering(empty(`${status} x`, ...headers)));
    await using sender = localSender({ limits });
    expect(await post(sender, url(to))).toMatchObject({ kind: 'response', instruction });
  });

  test('H-R10 the body of a 200 has no meaning, and is kept for people without the secrets that it repeats', async () => {
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
    // Ends every connection, and often without having said so.
    await using to = await receiver((socket) =>
      onRequest(socket, () => socket.end(`${line}\r\ncontent-length: 0\r\n\r\n`)),
    );
    await using sender = localSender({ limits });
    await fc.assert(
      fc.asyncProperty(statusLine, async (given) => {
        line = given;
        const result = await post(sender, url(to), { isOnFreshConnection: true });
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
])('H-H1 a request with the header %s is not sent', async (name) => {
  await using to = await receiver(answering(OK));
  await using sender = localSender({ limits });
  expect(inShort(await post(sender, url(to), { headers: { [name]: 'x' } }))).toBe('blocked reserved_header');
  expect(to.received).toEqual([]);
});

test.each(['a\r\nhost: internal', 'a\u0000', 'tökén\u{1f600}'])('H-H1 a header value %j is not sent', async (value) => {
  await using to = await receiver(answering(OK));
  await using sender = localSender({ limits });
  expect(inShort(await post(sender, url(to), { headers: { 'x-token': value } }))).toBe('blocked invalid_request');
  expect(to.requestCount()).toBe(0);
});
