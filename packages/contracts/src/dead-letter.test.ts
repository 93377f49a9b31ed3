import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutToBytes, deadLetterHeaders } from './index.ts';

const ORIGIN = {
  topic: 'runs.requests.v1',
  partition: 3,
  offset: 9_007_199_254_740_993n,
  group: 'run-consumer',
  attempts: 1,
  firstFailedAt: '2026-01-02T12:00:00.000Z',
  serviceVersion: '0.1.0',
};

it('headers say in text where a dead letter comes from, and why', () => {
  expect(deadLetterHeaders(ORIGIN, { code: 'key_mismatch', message: 'send the thread_id as key' })).toStrictEqual({
    'dlq.topic': 'runs.requests.v1',
    'dlq.partition': '3',
    'dlq.offset': '9007199254740993',
    'dlq.group': 'run-consumer',
    'dlq.error.code': 'key_mismatch',
    'dlq.error.message': 'send the thread_id as key',
    'dlq.attempts': '1',
    'dlq.first_failed_at': '2026-01-02T12:00:00.000Z',
    'dlq.service.version': '0.1.0',
  });
});

it('cuts a long message to 1 KiB', () => {
  const headers = deadLetterHeaders(ORIGIN, { code: 'undecodable', message: 'é'.repeat(2000) });
  expect(headers['dlq.error.message']).toBe('é'.repeat(512));
});

it('cuts between code points, as late as it can', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(60), (text, maxBytes) => {
      const cut = cutToBytes(text, maxBytes);
      const rest = text.slice(cut.length);
      expect(text.startsWith(cut)).toBe(true);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
      expect(rest.length === 0 || Buffer.byteLength(cut + firstCodePoint(rest)) > maxBytes).toBe(true);
      expect(Buffer.from(cut).toString()).toBe(cut);
    }),
  );
});

function firstCodePoint(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0);
}
