/** What the operator permits and denies besides: RUNLANE_WEBHOOK_ALLOW and RUNLANE_WEBHOOK_DENY. */
import { describe, expect, test } from 'vitest';
import { createWebhookPolicy } from './policy.ts';
import type { PolicySettings } from './policy.ts';

const codeOf = (url: string, settings: Partial<PolicySettings>): string => {
  const verdict = createWebhookPolicy({ allow: [], deny: [], ...settings }).judgeUrl(url);
  return verdict.kind === 'ok' ? 'ok' : verdict.code;
};

describe('RUNLANE_WEBHOOK_ALLOW', () => {
  const allow = ['http://127.0.0.1:*', 'https://hooks.internal:8443', 'http://db', 'https://[::1]:9443'];

  test.each([
    'http://127.0.0.1:8080/x',
    'http://127.0.0.1/',
    'http://0x7f.1:99/',
    'https://hooks.internal:8443/',
    'https://hooks.internal.:8443/',
    'http://db/',
    'https://[::1]:9443/',
    'https://[0:0::1]:9443/',
  ])('permits %s', (url) => {
    expect(codeOf(url, { allow })).toBe('ok');
  });

  test.each([
    ['https://127.0.0.1:8080/', 'denied_address'],
    ['http://127.0.0.2:8080/', 'denied_address'],
    ['https://hooks.internal/', 'denied_name'],
    ['https://hooks.internal:8444/', 'denied_name'],
    ['http://hooks.internal:8443/', 'denied_name'],
    ['https://x.hooks.internal:8443/', 'denied_name'],
    ['http://db:81/', 'denied_name'],
    ['https://[::1]/', 'denied_address'],
    ['http://127.0.0.1.example.com/', 'plain_http'],
  ])('does not permit %s', (url, code) => {
    expect(codeOf(url, { allow })).toBe(code);
  });

  test('permits every address of exactly that origin, those of RUNLANE_WEBHOOK_DENY included', () => {
    const settings = createWebhookPolicy({ allow, deny: ['10.9.0.0/16', 'hooks.internal'] });
    expect(settings.judgeUrl('https://hooks.internal:8443/')).toMatchObject({ kind: 'ok' });
    expect(settings.judgeAddress({ url: 'https://hooks.internal:8443/' }, '10.9.1.1')).toEqual({ kind: 'allowed' });
    expect(settings.judgeAddress({ url: 'https://hooks.internal/' }, '10.1.1.1')).toMatchObject({ kind: 'denied' });
  });

  test.each([
    'hooks.internal',
    'https://a/b',
    'https://a:x',
    'https://a:0',
    'ftp://a',
    'https://u@a',
    'https://',
    'https://a?b',
  ])('with %j is an error that names it', (entry) => {
    expect(() => createWebhookPolicy({ allow: [entry], deny: [] })).toThrow(`RUNLANE_WEBHOOK_ALLOW has "${entry}"`);
  });
});

describe('RUNLANE_WEBHOOK_DENY', () => {
  const deny = [
    '8.8.0.0/16',
    '2606:4700::/32',
    '1.1.1.1',
    '::ffff:9.9.9.0/120',
    'evil.example',
    '*.evil.example',
    'bücher.example',
  ];
  const denying = createWebhookPolicy({ allow: [], deny });

  test.each(['8.8.8.8', '8.8.255.255', '2606:4700::1', '1.1.1.1', '::ffff:8.8.8.8', '9.9.9.9'])(
    'denies %s',
    (address) => {
      const target = { url: 'https://example.com/' };
      expect(denying.judgeAddress(target, address)).toEqual({
        kind: 'denied',
        reason: expect.stringContaining('RUNLANE_WEBHOOK_DENY'),
      });
      const host = address.includes(':') ? `[${address}]` : address;
      expect(denying.judgeUrl(`https://${host}/`)).toMatchObject({ code: 'denied_address' });
    },
  );

  test.each(['8.7.255.255', '8.9.0.0', '1.1.1.2', '9.9.8.9', '2606:4701::1'])('leaves %s alone', (address) => {
    expect(denying.judgeAddress({ url: 'https://example.com/' }, address)).toEqual({ kind: 'allowed' });
  });

  test('denies names in any spelling, and names below a wildcard', () => {
    const hosts = ['evil.example', 'EVIL.example.', 'a.b.evil.example', 'xn--bcher-kva.example', 'notevil.example'];
    expect(hosts.map((host) => codeOf(`https://${host}/`, { deny }))).toEqual([...Array(4).fill('denied_name'), 'ok']);
  });

  test.each(['1.2.3', '1.2.3.4/33', 'https://x', 'a b', '*.1.2.3.4', '1.2.3.4/8/8', '300.1.1.1'])(
    'with %j is an error that names it',
    (entry) => {
      expect(() => createWebhookPolicy({ allow: [], deny: ['10.0.0.0/8', entry] })).toThrow(
        `RUNLANE_WEBHOOK_DENY has "${entry}"`,
      );
    },
  );
});
