/** Vectors that other implementations of Standard Webhooks publish, and the npm library as an independent receiver. */
import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { ed25519PrivateKey, parsePublicKey, parseSecret, publicKeyOf, secretOf } from './keys.ts';
import { createSigner, signedBytes, signV1, signV1a, webhookIdOf } from './sign.ts';

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

describe('the secret of an origin', () => {
  test('is 32 bytes that depend on the master key and the origin alone', () => {
    expect(parseSecret(secretOf(master, 'https://a.example'))).toHaveLength(32);
    expect(secretOf(master, 'https://a.example')).toBe(secretOf(master, 'https://a.example'));
    const others = [secretOf(master, 'https://b.example'), secretOf(older, 'https://a.example')];
    expect(new Set([secretOf(master, 'https://a.example'), ...others]).size).toBe(3);
  });

  test('is what earlier versions derived: receivers have stored it', () => {
    expect(secretOf(master, 'https://a.example')).toBe('whsec_U0is2O0Yu6rqHI55ctOriwn9B1AW4LS3C85IkY2f+hw=');
    expect(publicKeyOf(master)).toBe('whpk_5+aecSgxDICKnWuHeCOzPkYOEFG7L/r1WcBIoSNKZxU=');
  });
});

test('an origin keeps its secret however many others are signed for, before it and after it', () => {
  const signer = createSigner([master]);
  const v1 = (origin: string) => signer.sign(origin, { id, timestamp, body })['webhook-signature'].split(' ')[0];
  const expected = (origin: string) =>
    signV1(parseSecret(secretOf(master, origin)) ?? Buffer.alloc(0), signedBytes({ id, timestamp, body }));
  const origins = Array.from({ length: 5_000 }, (_, index) => `https://${index}.example`);
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
    const signatures = headers['webhook-signature'].split(' ').slice(2);
    createSigner([master, older]).publicKeys.forEach((text, index) => {
      const key = parsePublicKey(text);
      if (key === null) throw new Error('A published key cannot be read.');
      const raw = Buffer.from((signatures[index] ?? '').slice(4), 'base64');
      expect(verify(null, signedBytes({ id, timestamp, body }), key, raw)).toBe(true);
    });
  });
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
