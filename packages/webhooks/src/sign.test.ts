/** Vectors that other implementations of Standard Webhooks publish, and the npm library as an independent receiver. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { ed25519PrivateKey, originSecretOf, parsePublicKey, parseSecret, publicKeyOf, secretOf } from './keys.ts';
import { createSigner, signedBytes, signV1, signV1a, webhookIdOf } from './sign.ts';
import type { SignerOptions } from './sign.ts';

const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestamp = 1_614_265_330;
const body = Buffer.from('{"test": 2432232314}');
const master = 'a master key of the test, long enough';
const older = 'an older master key of the test, too';

test('v1 of the published vector', () => {
  const key = parseSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  if (key === null) throw new Error('The vector has no secret.');
  expect(signV1(key, signedBytes({ id, timestamp, body }))).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('v1a of the published vector', () => {
  const seedAndPublic = Buffer.from(
    '6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
    'base64',
  );
  const key = ed25519PrivateKey(seedAndPublic.subarray(0, 32));
  expect(signV1a(key, signedBytes({ id, timestamp, body }))).toBe(
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
  );
  const published = parsePublicKey('whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=');
  expect(published?.equals(createPublicKey(key))).toBe(true);
});

describe('the secret of a URL', () => {
  test('is 32 bytes that depend on the master key and the URL alone', () => {
    expect(parseSecret(secretOf(master, 'https://a.example'))).toHaveLength(32);
    expect(secretOf(master, 'https://a.example')).toBe(secretOf(master, 'https://a.example'));
    const others = [secretOf(master, 'https://b.example'), secretOf(older, 'https://a.example')];
    expect(new Set([secretOf(master, 'https://a.example'), ...others]).size).toBe(3);
  });

  test('is what earlier versions derived: receivers have stored it', () => {
    expect(originSecretOf(master, 'https://a.example')).toBe('whsec_U0is2O0Yu6rqHI55ctOriwn9B1AW4LS3C85IkY2f+hw=');
    expect(secretOf(master, 'https://a.example/hook?token=t')).toBe(
      'whsec_y3pB4q52QyfDR9lALBPjLG9VwdTXjfQ1O8bp8YdR9iI=',
    );
    expect(publicKeyOf(master)).toBe('whpk_5+aecSgxDICKnWuHeCOzPkYOEFG7L/r1WcBIoSNKZxU=');
  });
});

test('a URL keeps its secret however many others are signed for, before it and after it', () => {
  const signer = createSigner([master]);
  const v1 = (origin: string) => signer.sign(origin, { id, timestamp, body })['webhook-signature'].split(' ')[0];
  const expected = (origin: string) =>
    signV1(parseSecret(secretOf(master, origin)) ?? Buffer.alloc(0), signedBytes({ id, timestamp, body }));
  const origins = Array.from({ length: 4_200 }, (_, index) => `https://${index}.example`);
  for (const origin of origins) signer.sign(origin, { id, timestamp, body });
  for (const origin of [...origins.slice(0, 3), ...origins.slice(-3), ...origins.slice(0, 3)]) {
    expect(v1(origin)).toBe(expected(origin));
  }
});

describe('a signed webhook', () => {
  const origin = 'https://hooks.example.com';
  const headers = createSigner([master, older]).sign(origin, { id, timestamp, body });

  test('carries id, time, and signatures of both kinds under every master key, the current one first', () => {
    expect(headers).toMatchObject({ 'webhook-id': id, 'webhook-timestamp': '1614265330' });
    expect(headers['webhook-signature'].split(' ').map((part) => part.split(',')[0])).toEqual([
      'v1',
      'v1',
      'v1',
      'v1',
      'v1a',
      'v1a',
    ]);
    const alone = createSigner([master]).sign(origin, { id, timestamp, body })['webhook-signature'].split(' ');
    expect(headers['webhook-signature'].split(' ')).toEqual(expect.arrayContaining(alone));
    expect(headers['webhook-signature'].startsWith(`${alone[0]} `)).toBe(true);
  });

  test.each([
    ['current', master],
    ['older', older],
  ])('is accepted by the standardwebhooks library that has the secret of the %s key', (_name, key) => {
    const now = Math.floor(Date.now() / 1000);
    const fresh = createSigner([master, older]).sign(origin, { id, timestamp: now, body });
    const receiver = new Webhook(secretOf(key, origin));
    expect(receiver.verify(body.toString(), { ...fresh })).toEqual({ test: 2_432_232_314 });
    expect(() => receiver.verify(`${body.toString()} `, { ...fresh })).toThrow(/signature/i);
  });

  test('is not accepted with the secret of another origin', () => {
    const now = Math.floor(Date.now() / 1000);
    const fresh = createSigner([master]).sign(origin, { id, timestamp: now, body });
    expect(() => new Webhook(secretOf(master, 'https://other.example')).verify(body.toString(), { ...fresh })).toThrow(
      /signature/i,
    );
  });

  test('verifies under each published key', () => {
    const signatures = headers['webhook-signature'].split(' ').slice(4);
    createSigner([master, older]).publicKeys.forEach((text, index) => {
      const key = parsePublicKey(text);
      if (key === null) throw new Error('A published key cannot be read.');
      const raw = Buffer.from((signatures[index] ?? '').slice(4), 'base64');
      expect(verify(null, signedBytes({ id, timestamp, body }), key, raw)).toBe(true);
    });
  });
});

describe('secrets of endpoints', () => {
  const url = 'https://hooks.example.com/tenants/a?token=t';
  const kindsOf = (signature: string) => signature.split(' ').map((part) => part.split(',')[0]);
  const sign = (options: SignerOptions = {}) => ({
    ...createSigner([master], options).sign(url, { id, timestamp: Math.floor(Date.now() / 1000), body }),
  });
  const accepts = (secret: string, headers: Record<string, string>): boolean => {
    try {
      new Webhook(secret).verify(body.toString(), headers);
      return true;
    } catch {
      return false;
    }
  };

  test('are those of origin and path, whatever the query, and another path has another', () => {
    expect(accepts(secretOf(master, 'https://hooks.example.com/tenants/a'), sign())).toBe(true);
    expect(accepts(secretOf(master, 'https://hooks.example.com/tenants/b'), sign())).toBe(false);
    expect(accepts(secretOf(master, url, 2), sign())).toBe(false);
  });

  test('sign beside the secret of the origin, which receivers of before have, until they are rotated alone', () => {
    const versions = (...numbers: number[]) => ({
      versions: new Map([['https://hooks.example.com/tenants/a', numbers]]),
    });
    const secrets = [
      secretOf(master, url),
      secretOf(master, url, 2),
      originSecretOf(master, 'https://hooks.example.com'),
    ];
    const accepted = (options: SignerOptions) => secrets.map((secret) => accepts(secret, sign(options)));
    expect(accepted({})).toEqual([true, false, true]);
    expect(accepted(versions(1, 2))).toEqual([true, true, false]);
    expect(accepted(versions(2))).toEqual([false, true, false]);
  });

  test.each([
    ['v1', ['v1', 'v1'], 0],
    ['v1a', ['v1a'], 1],
    ['both', ['v1', 'v1', 'v1a'], 1],
  ] as const)('RUNLANE_WEBHOOK_SIGNATURES=%s signs so, and has the keys for it', (signatures, kinds, keyCount) => {
    expect(kindsOf(sign({ signatures })['webhook-signature'] ?? '')).toEqual(kinds);
    const { publicKeys, jwks } = createSigner([master], { signatures });
    expect([publicKeys.length, jwks.length]).toEqual([keyCount, keyCount]);
  });
});

test('a published JSON Web Key is the public key, and its id is its thumbprint', async () => {
  const [jwk] = createSigner([master]).jwks;
  if (jwk === undefined) throw new Error('There is no key.');
  const signature = createSigner([master]).sign('https://a.example/', { id, timestamp, body })['webhook-signature'];
  const raw = Buffer.from(signature.split(' ').at(-1)?.slice('v1a,'.length) ?? '', 'base64');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  expect(verify(null, signedBytes({ id, timestamp, body }), key, raw)).toBe(true);
  const digest = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`).digest('base64url');
  expect(jwk.kid).toBe(digest);
});

test('ids and times that would make the signed bytes ambiguous are refused', () => {
  expect(() => signedBytes({ id: 'a.1', timestamp, body })).toThrow(/webhook-id/);
  expect(() => signedBytes({ id: '', timestamp, body })).toThrow(/webhook-id/);
  expect(() => signedBytes({ id, timestamp: 1.5, body })).toThrow(/webhook-timestamp/);
});

test.each([[[]], [['too short']], [[master, 'too short']]])('the master keys %j are refused', (keys) => {
  expect(() => createSigner(keys)).toThrow(/RUNLANE_WEBHOOK_MASTER_KEY/);
});

test('a webhook-id is the same for one event and URL, differs otherwise, and has safe characters only', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(text, text, text, (event, url, otherUrl) => {
      const webhookId = webhookIdOf(event, url);
      expect(webhookId).toMatch(/^[A-Za-z0-9_-]{36}$/);
      expect(webhookIdOf(event, url)).toBe(webhookId);
      expect(webhookIdOf(event, otherUrl) === webhookId).toBe(url === otherUrl);
    }),
  );
});
