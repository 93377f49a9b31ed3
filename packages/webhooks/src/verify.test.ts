import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { publicKeyOf, secretOf } from './keys.ts';
import { createSigner, webhookIdOf } from './sign.ts';
import { verifyWebhook } from './verify.ts';

const master = 'a master key of the test, long enough';
const origin = 'https://hooks.example.com';
const url = `${origin}/in`;
const body = Buffer.from(`{ "event_id":"e1", "webhook":"${origin.toUpperCase()}/in", "note":"\\u0000 ä" }\n`);
const id = webhookIdOf('e1', hash('sha256', url));
const now = 1_700_000_000;
const headers: Record<string, string> = createSigner([master]).sign(origin, { id, timestamp: now, body });
const secrets = [secretOf(master, origin)];
const publicKeys = [publicKeyOf(master)];
const [v1 = '', v1a = ''] = (headers['webhook-signature'] ?? '').split(' ');

test.each([
  ['the secret', { secrets }],
  ['the public key', { publicKeys }],
  ['both', { secrets, publicKeys }],
  ['a key among others', { secrets: [secretOf(master, 'https://x.example'), ...secrets] }],
])('is verified with %s, whatever the bytes of the body', (_name, keys) => {
  expect(verifyWebhook({ url, headers, body, now, ...keys })).toEqual({ kind: 'ok', id, timestamp: now });
});

describe('is refused', () => {
  test.each<[string, Record<string, string | string[] | undefined>, string]>([
    ['without an id', { 'webhook-id': undefined }, 'missing_header'],
    ['with two ids', { 'webhook-id': [id, 'msg_2'] }, 'malformed_header'],
    ['with a dot in its id', { 'webhook-id': 'msg.1' }, 'malformed_header'],
    ['with a time that is no whole number', { 'webhook-timestamp': `${now}.0` }, 'malformed_header'],
    ['with a time and letters', { 'webhook-timestamp': `${now}abc` }, 'malformed_header'],
    ['with junk in its signature', { 'webhook-signature': `${v1},junk` }, 'malformed_header'],
    ['with another time', { 'webhook-timestamp': String(now + 1) }, 'no_match'],
    ['with another id', { 'webhook-id': 'msg_2' }, 'no_match'],
    ['with an unknown version', { 'webhook-signature': v1.replace('v1,', 'v2,') }, 'no_match'],
    ['with its v1a signature called v1', { 'webhook-signature': v1a.replace('v1a,', 'v1,') }, 'no_match'],
  ])('%s', (_name, changed, code) => {
    expect(verifyWebhook({ url, headers: { ...headers, ...changed }, body, now, secrets, publicKeys })).toMatchObject({
      kind: 'refused',
      code,
    });
  });

  test('with another body, with keys of others, too old and too new', () => {
    const verify = (changed: object) => verifyWebhook({ url, headers, body, now, secrets, ...changed });
    expect(verify({ body: Buffer.from('{}') })).toMatchObject({ code: 'no_match' });
    expect(verify({ secrets: [secretOf(`${master}!`, origin)] })).toMatchObject({ code: 'no_match' });
    expect(verify({ secrets: [], publicKeys: [publicKeyOf(`${master}!`)] })).toMatchObject({ code: 'no_match' });
    expect(verify({ now: now + 300 })).toMatchObject({ kind: 'ok' });
    expect(verify({ now: now + 301 })).toMatchObject({ code: 'too_old' });
    expect(verify({ now: now - 301 })).toMatchObject({ code: 'too_new' });
  });
});

test('keys that are none are an error, and so is no key', () => {
  expect(() => verifyWebhook({ url, headers, body, now })).toThrow(/needs a whsec_/);
  expect(() => verifyWebhook({ url, headers, body, now, secrets: ['whsec_c2hvcnQ='] })).toThrow(/no whsec_ key/);
  expect(() => verifyWebhook({ url, headers, body, now, publicKeys: secrets })).toThrow(/no whpk_ key/);
});

test('what was sent to another URL is refused, also by receivers that share the key or the secret', () => {
  const given = { headers, body, now };
  const elsewhere = (at: string, keys: object) => verifyWebhook({ ...given, url: at, ...keys });
  expect(elsewhere('https://victim.example/in', { publicKeys })).toMatchObject({ code: 'other_receiver' });
  expect(elsewhere(`${origin}/of-somebody-else`, { secrets })).toMatchObject({ code: 'other_receiver' });
  expect(elsewhere(`${origin.toUpperCase()}/in`, { secrets }).kind).toBe('ok');
});

const strange = [
  'no JSON',
  '[]',
  '{}',
  `{"event_id":1,"webhook":"${url}"}`,
  '{"event_id":"e1","webhook":"https://x.example"}',
];
test.each(strange)('a signed body without an event for this URL is refused: %s', (text) => {
  const bytes = Buffer.from(text);
  const signed: Record<string, string> = createSigner([master]).sign(origin, { id, timestamp: now, body: bytes });
  expect(verifyWebhook({ url, headers: signed, body: bytes, now, secrets })).toMatchObject({ code: 'other_receiver' });
});

test('more signatures than any rotation needs are refused unread', () => {
  const many = Array.from({ length: 17 }, () => v1a).join(' ');
  const verdict = verifyWebhook({ url, headers: { ...headers, 'webhook-signature': many }, body, now, publicKeys });
  expect(verdict).toMatchObject({ code: 'malformed_header' });
});
