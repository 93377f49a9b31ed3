/** Doubled: the sender, by a script of results. Decides: what is sent how often, and what is kept of the answer. */
import { expect, test } from 'vitest';
import { attemptDelivery } from './attempt-delivery.ts';
import { dueTo } from './due-delivery.fixture.ts';
import type { AttemptResult, WebhookRequest } from './ports.ts';

const timings = { totalMs: 3, dnsMs: null, connectMs: null, firstByteMs: 2 };
const about = { timings, address: '192.0.2.1' };
const stale: AttemptResult = { ...about, kind: 'failed', class: 'stale_connection', message: 'It was closed.' };
const answered = (status: number, bodyExcerpt: string | null = null): AttemptResult => ({
  ...about,
  kind: 'response',
  status,
  retryAfterSeconds: null,
  instruction: null,
  bodyBytes: bodyExcerpt?.length ?? 0,
  bodyExcerpt,
});

const DELIVERY = dueTo('https://example.org/hook');

async function attempt(results: AttemptResult[], isTrusted = true) {
  const requests: WebhookRequest[] = [];
  const attempted = await attemptDelivery(
    DELIVERY,
    { isTrusted, body: Buffer.from('{}') },
    new AbortController().signal,
    {
      sender: {
        send: async (request) => {
          requests.push(request);
          const result = results.shift();
          if (result === undefined) throw new Error('Sent more often than expected.');
          return result;
        },
        close: async () => undefined,
      },
      headers: ({ eventId }, timestamp) => ({ 'webhook-id': eventId, 'webhook-timestamp': String(timestamp) }),
      now: () => new Date(1_800_000_000_900),
    },
  );
  return { ...attempted, requests };
}

test('a request that fails on a kept connection is sent once more on a fresh one, under the same id, and only the second result counts', async () => {
  const { result, attempts, requests } = await attempt([stale, answered(200)]);

  expect(result).toMatchObject({ kind: 'response', status: 200 });
  expect(requests.map(({ headers, isOnFreshConnection }) => [headers['webhook-id'], isOnFreshConnection])).toEqual([
    ['event', false],
    ['event', true],
  ]);
  expect(requests[1]?.body).toBe(requests[0]?.body);
  expect(attempts.map(({ n, outcome, isCharged }) => [n, outcome, isCharged])).toEqual([
    [5, 'stale_connection', false],
    [6, 'delivered', true],
  ]);
});

test('a second stale connection is a failed attempt', async () => {
  const { result, attempts } = await attempt([stale, stale]);

  expect(result).toEqual(stale);
  expect(attempts.map(({ isCharged }) => isCharged)).toEqual([false, true]);
});

test('the timestamp is that of the attempt, in whole seconds', async () => {
  const { requests } = await attempt([answered(200)]);

  expect(requests[0]?.headers['webhook-timestamp']).toBe('1800000000');
});

test('the kept part of an answer is redacted, storable and at most 2 KiB', async () => {
  const body = `\0 {"token":"seeded-secret"} ${'ä'.repeat(3_000)}`;
  const { attempts } = await attempt([answered(500, body)]);

  const excerpt = attempts[0]?.bodyExcerpt ?? '';
  expect(excerpt).not.toContain('seeded-secret');
  expect(excerpt).not.toContain('\0');
  expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(2_048);
  expect(excerpt).toContain('ä');
});

test('no answer of an origin is kept that never answered 2xx', async () => {
  for (const status of [200, 500]) {
    const { attempts } = await attempt([answered(status, 'an oracle')], false);
    expect(attempts[0]).toMatchObject({ status, bodyBytes: null, bodyExcerpt: null });
  }
});
