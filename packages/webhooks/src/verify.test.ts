import { describe, expect, test } from 'vitest';
import { publicKeyOf, secretOf } from './keys.ts';
import { createSigner } from './sign.ts';
import { verifyWebhook } from './verify.ts';

const master = 'a master key of the test, long enough';
const origin = 'https://hooks.example.com';
const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
const now = 1_700_000_000;
const headers: Record<string, string> = createSigner([master]).sign(origin, { id: 'msg_1', timestamp: now, body });
const secrets = [secretOf(master, origin)];
const publicKeys = [publicKeyOf(master)];
const [v1 = '', v1a = ''] = (headers['webhook-signature'] ?? '').split(' ');

test.each([
  ['the secret', { secrets }],
  ['the public key', { publicKeys }],
  ['both', { secrets, publicKeys }],
  ['a key among others', { secrets: [secretOf(master, 'https://x.example'), ...secrets] }],
])('is verified with %s, whatever the bytes of the body', (_name, keys) => {
  expect(verifyWebhook({ headers, body, now, ...keys })).toEqual({ kind: 'ok', id: 'msg_1', timestamp: now });
});

describe('is refused', () => {
  test.each<[string, Record<string, string | string[] | undefined>, string]>([
    ['without an id', { 'webhook-id': undefined }, 'missing_header'],
    ['with two ids', { 'webhook-id': ['msg_1', 'msg_2'] }, 'malformed_header'],
    ['with a dot in its id', { 'webhook-id': 'msg.1' }, 'malformed_header'],
    ['with a time that is no whole number', { 'webhook-timestamp': `${now}.0` }, 'malformed_header'],
    ['with a time and letters', { 'webhook-timestamp': `${now}abc` }, 'malformed_header'],
    ['with junk in its signature', { 'webhook-signature': `${v1},junk` }, 'malformed_header'],
    ['with another time', { 'webhook-timestamp': String(now + 1) }, 'no_match'],
    ['with another id', { 'webhook-id': 'msg_2' }, 'no_match'],
    ['with an unknown version', { 'webhook-signature': v1.replace('v1,', 'v2,') }, 'no_match'],
    ['with its v1a signature called v1', { 'webhook-signature': v1a.replace('v1a,', 'v1,') }, 'no_match'],
  ])('%s', (_name, changed, code) => {
    expect(verifyWebhook({ headers: { ...headers, ...changed }, body, now, secrets, publicKeys })).toMatchObject({
      kind: 'refused',
      code,
    });
  });

  test('with another body, with keys of others, too old and too new', () => {
    const verify = (changed: object) => verifyWebhook({ headers, body, now, secrets, ...changed });
    expect(verify({ body: Buffer.from('{}') })).toMatchObject({ code: 'no_match' });
    expect(verify({ secrets: [secretOf(`${master}!`, origin)] })).toMatchObject({ code: 'no_match' });
    expect(verify({ secrets: [], publicKeys: [publicKeyOf(`${master}!`)] })).toMatchObject({ code: 'no_match' });
    expect(verify({ now: now + 300 })).toMatchObject({ kind: 'ok' });
    expect(verify({ now: now + 301 })).toMatchObject({ code: 'too_old' });
    expect(verify({ now: now - 301 })).toMatchObject({ code: 'too_new' });
  });
});

test('keys that are none are an error, and so is no key', () => {
  expect(() => verifyWebhook({ headers, body, now })).toThrow(/needs a whsec_/);
  expect(() => verifyWebhook({ headers, body, now, secrets: ['whsec_c2hvcnQ='] })).toThrow(/no whsec_ key/);
  expect(() => verifyWebhook({ headers, body, now, publicKeys: secrets })).toThrow(/no whpk_ key/);
});
