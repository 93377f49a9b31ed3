import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test.each([
  { text: 'postgres://runlane:s3cret@db:5432/runlane', shown: 'postgres://[redacted]@db:5432/runlane' },
  { text: 'postgres://u:p@ss/w@rd@db/x', shown: 'postgres://[redacted]@db/x' },
  { text: 'see https://hooks.example.com/T0/B0?key=1#x now', shown: 'see https://hooks.example.com/[redacted] now' },
  { text: 'https://u:p@hooks.example.com:8443/x', shown: 'https://[redacted]@hooks.example.com:8443/[redacted]' },
  { text: 'http://registry:8081', shown: 'http://registry:8081' },
  { text: 'http://registry:8081/', shown: 'http://registry:8081/' },
  { text: 'HTTPS://HOOKS.example/secret', shown: 'HTTPS://HOOKS.example/[redacted]' },
  { text: `'https://hooks.example/a'b-secret'`, shown: `'https://hooks.example/[redacted]` },
  { text: `'http://registry:8081'`, shown: `'http://registry:8081'` },
  { text: 'https://hooks.example?token=1', shown: 'https://hooks.example/[redacted]' },
  { text: 'authorization: Bearer abc.def-ghi', shown: 'authorization: Bearer [redacted]' },
  { text: 'basic dXNlcjpwYXNzd29yZA==', shown: 'basic [redacted]' },
  { text: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw and whsk_abc', shown: 'whsec_[redacted] and whsk_[redacted]' },
  { text: '{"a":{"password":"x\\"y","n":1}}', shown: '{"a":{"password":"[redacted]","n":1}}' },
  { text: '{"db_password": "x"}', shown: '{"db_password": "[redacted]"}' },
  {
    text: '{"authorization":"v","Cookie":"v","x-api-key":"v"}',
    shown: '{"authorization":"[redacted]","Cookie":"[redacted]","x-api-key":"[redacted]"}',
  },
  {
    text: '{"webhook":"hooks.example/x","access_token":"v"}',
    shown: '{"webhook":"[redacted]","access_token":"[redacted]"}',
  },
  {
    text: JSON.stringify({ body: '{"password":"x","a":1}' }),
    shown: JSON.stringify({ body: '{"password":"[redacted]","a":1}' }),
  },
])('$text becomes $shown', ({ text, shown }) => {
  expect(redact(text)).toBe(shown);
});

test.each([
  '{"fencing_token":"42","tokens":"7","webhook_events":"run.failed"}',
  'at file:///app/services/run-consumer/src/main.ts:3:7',
  'a basic misunderstanding of the bearer of news',
])('%s is left alone', (text) => {
  expect(redact(text)).toBe(text);
});

test.each([
  ['a long word', 'a'.repeat(1_000_000)],
  ['words of one letter', 'a.'.repeat(500_000)],
  ['many quotes', '"a'.repeat(300_000)],
  ['dashes after a quote', `"${'token-'.repeat(200_000)}`],
  ['many slashes', 'a://'.repeat(250_000)],
  ['at signs', `https://${'@a'.repeat(400_000)}`],
  ['open secrets', '"password":"'.repeat(80_000)],
])('a megabyte of %s takes time in proportion to its length', (_what, text) => {
  const startedMs = performance.now();
  redact(text);
  // Quadratic behaviour would take minutes.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
