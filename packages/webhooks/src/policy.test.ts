/**
 * The verdict on URLs, class U of the hostile endpoints. `http://` rows hold for `https://` alike: each is judged in
 * both forms, and where plain http is permitted by RUNLANE_WEBHOOK_ALLOW as well as where it is not.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWebhookPolicy } from './policy.ts';
import type { PolicySettings } from './policy.ts';

const policy = createWebhookPolicy({ allow: [], deny: [] });
const codeOf = (url: string, settings?: Partial<PolicySettings>): string => {
  const verdict = (
    settings === undefined ? policy : createWebhookPolicy({ allow: [], deny: [], ...settings })
  ).judgeUrl(url);
  return verdict.kind === 'ok' ? 'ok' : verdict.code;
};

const bothSchemes = (rest: string): string[] => [`http:${rest}`, `https:${rest}`];

describe('every spelling of an address is that address', () => {
  test.each([
    ['H-U1', '//2130706433/'],
    ['H-U2', '//0x7f000001/'],
    ['H-U2', '//0x7f.1/'],
    ['H-U3', '//0177.0.0.1/'],
    ['H-U3', '//017700000001/'],
    ['H-U3', '//00000177.0.0.01/'],
    ['H-U3', '//127.1/'],
    ['H-U3', '//0/'],
    ['H-U5', '//127.0.0.1./'],
    ['H-U7', '//%31%32%37.0.0.1/'],
    ['H-U7', '//127%2e0%2e0%2e1/'],
    ['H-U7', '//１２７.0.0.1/'],
    ['H-U7', '//①②⑦.0.0.1/'],
    ['H-U7', '//127。0。0。1/'],
    ['H-U7', '//169.254.43518/'],
    ['H-U9', '//[::1]/'],
    ['H-U9', '//[0:0:0:0:0:0:0:1]/'],
    ['H-U9', '//[::]/'],
    ['H-U11', '//[::ffff:127.0.0.1]/'],
    ['H-U11', '//[::ffff:a9fe:a9fe]/'],
    ['H-U11', '//[::127.0.0.1]/'],
    ['H-U11', '//[::8.8.8.8]/'],
    ['H-U11', '//[::ffff:0:127.0.0.1]/'],
    ['H-U11', '//[64:ff9b::7f00:1]/'],
    ['H-U11', '//[64:ff9b:1::a00:1]/'],
    ['H-U11', '//[2002:7f00:1::]/'],
    ['H-U11', '//[2001:0:4136:e378:8000:63bf:80ff:fffe]/'],
    ['H-U11', '//[fec0::1]/'],
    ['H-U11', '//[fd00:ec2::254]/'],
    ['H-U11', '//[4000::1]/'],
    ['H-A1', '//10.1.2.3/'],
    ['H-A1', '//169.254.169.254/latest/meta-data/'],
    ['H-A1', '//168.63.129.16/'],
    ['H-A1', '//100.100.100.200/'],
  ])('%s %s is blocked', (_row, rest) => {
    for (const url of bothSchemes(rest)) expect(codeOf(url)).toBe('denied_address');
  });

  test('any notation of any denied IPv4 address, and no notation of an allowed one', () => {
    expect.hasAssertions();
    const octet = (value: number) => fc.constantFrom(String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`);
    const loopback = fc
      .tuple(octet(127), ...[0, 1, 2].map(() => fc.nat(255).chain(octet)))
      .map((parts) => parts.join('.'));
    fc.assert(
      fc.property(loopback, (host) => {
        expect(codeOf(`https://${host}/`)).toBe('denied_address');
      }),
    );
    const publicHost = fc
      .tuple(octet(8), ...[0, 1, 2].map(() => fc.nat(255).chain(octet)))
      .map((parts) => parts.join('.'));
    fc.assert(
      fc.property(publicHost, (host) => {
        expect(codeOf(`https://${host}/`)).toBe('ok');
      }),
    );
    const whole = fc.nat(0xffffff).map((rest) => 0x7f000000 + rest);
    fc.assert(
      fc.property(whole, (value) => {
        expect(codeOf(`https://${value}/`)).toBe('denied_address');
      }),
    );
  });
});

describe('what is no URL, or one that parsers could read differently, is refused', () => {
  test.each([
    ['H-U8', 'http://256.1.1.1/', 'invalid_url'],
    ['H-U8', 'http://1.2.3.4.5/', 'invalid_url'],
    ['H-U8', 'http://425.510.425.510/', 'invalid_url'],
    ['H-U13', 'http://[fe80::1%25eth0]/', 'invalid_url'],
    ['H-U13', 'https://[::1/', 'invalid_url'],
    ['H-U14', 'http://example.com@127.0.0.1/', 'credentials'],
    ['H-U14', 'https://user:pw@example.com/', 'credentials'],
    ['H-U14', 'https://@example.com/', 'credentials'],
    ['H-U14', 'https://:@example.com/', 'credentials'],
    ['H-U14', 'https://example.com%40127.0.0.1/', 'invalid_url'],
    ['H-U15', 'http://example.com\\@127.0.0.1/', 'ambiguous_url'],
    ['H-U15', 'https://example.com/a\\b', 'ambiguous_url'],
    ['H-U16', 'https://exa\tmple.com/', 'ambiguous_url'],
    ['H-U16', 'https://example.com/a\nb', 'ambiguous_url'],
    ['H-U16', 'https://example.com/\r', 'ambiguous_url'],
    ['H-U16', ' https://example.com/', 'ambiguous_url'],
    ['H-U16', 'https://example.com/ ', 'ambiguous_url'],
    ['H-U16', '\u0000https://example.com/', 'ambiguous_url'],
    ['H-U16', 'https://example.com/\u007f', 'ambiguous_url'],
    ['H-U16', 'https://exam\u00adple.com/', 'ambiguous_url'],
    ['H-U16', 'https://example.com/\u200b', 'ambiguous_url'],
    ['H-U16', 'https://example.com/\u3000', 'ambiguous_url'],
    ['H-U16', 'https://example.com/\ud800', 'ambiguous_url'],
    ['H-U17', 'http:127.0.0.1/', 'ambiguous_url'],
    ['H-U17', 'http:\\\\127.0.0.1\\', 'ambiguous_url'],
    ['H-U17', 'http:///127.0.0.1/', 'ambiguous_url'],
    ['H-U17', 'https:/example.com/', 'ambiguous_url'],
    ['H-U18', 'ftp://example.com/', 'unsupported_scheme'],
    ['H-U18', 'file:///etc/passwd', 'unsupported_scheme'],
    ['H-U18', 'gopher://example.com/', 'unsupported_scheme'],
    ['H-U18', 'data:text/plain,x', 'unsupported_scheme'],
    ['H-U18', 'javascript:alert(1)', 'unsupported_scheme'],
    ['H-U18', 'unix:/run/docker.sock', 'unsupported_scheme'],
    ['H-U18', 'http+unix://%2Frun%2Fdocker.sock/', 'unsupported_scheme'],
    ['H-U18', 'ws://example.com/', 'unsupported_scheme'],
    ['H-U19', '/relative', 'invalid_url'],
    ['H-U19', '//example.com/', 'invalid_url'],
    ['H-U19', '', 'invalid_url'],
    ['H-U19', 'example.com/hook', 'invalid_url'],
    ['H-U21', 'https://example.com:99999/', 'invalid_url'],
    ['H-U22', `https://example.com/${'a'.repeat(2029)}`, 'too_long'],
    ['H-U22', `https://example.com/${'ä'.repeat(1000)}`, 'too_long'],
    ['H-U22', `https://${'a.'.repeat(150)}com/`, 'invalid_url'],
    ['H-U22', `https://${'a'.repeat(64)}.com/`, 'invalid_url'],
    ['H-U22', 'https://a..b.com/', 'invalid_url'],
    ['H-U22', 'https://example.com../', 'invalid_url'],
    ['H-U22', 'https://xn--a/', 'invalid_url'],
    ['H-U22', 'https://xn--99999999.com/', 'invalid_url'],
    ['H-U22', 'https://exa*mple.com/', 'invalid_url'],
    ['H-U22', 'https://-example.com/', 'invalid_url'],
    ['H-U23', 'https://example.com/#fragment', 'fragment'],
    ['H-U23', 'https://example.com/#', 'fragment'],
  ])('%s %j: %s', (_row, url, code) => {
    expect(codeOf(url)).toBe(code);
    expect(codeOf(url, { allow: ['https://example.com:*', 'http://127.0.0.1:*'] })).toBe(code);
  });

  test.each([0, 22, 25, 80, 2375, 5432, 6379, 8443, 9092, 10_250])('H-U21 port %i', (port) => {
    expect(codeOf(`https://example.com:${port}/`)).toBe('denied_port');
    expect(codeOf(`http://example.com:${port}/`)).toBe('plain_http');
  });

  test.each([
    'metadata.google.internal',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'localhost',
    'localhost.',
    'LOCALHOST',
    'x.localhost',
    'db',
    'db.',
    'printer.local',
    'router.home.arpa',
    'metadata.goog',
    'runlane.example.com',
    'a.lan.example.com',
  ])('H-U24 %s, before anybody looks it up', (host) => {
    for (const url of bothSchemes(`//${host}/`)) {
      expect(codeOf(url, { deny: ['runlane.example.com', '*.lan.example.com'] })).toBe('denied_name');
    }
  });
});

describe('an ordinary URL', () => {
  test('is accepted, with origin, site and a hash of the URL', () => {
    expect(policy.judgeUrl('https://Hooks.Example.com:443/a/../b?token=secret')).toEqual({
      kind: 'ok',
      url: 'https://hooks.example.com/b?token=secret',
      path: '/b?token=secret',
      origin: 'https://hooks.example.com',
      hostname: 'hooks.example.com',
      port: 443,
      site: 'example.com',
      urlHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each([
    `https://example.com/${'a'.repeat(2028)}`,
    'https://example.com',
    'https://bücher.example/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://_dmarc.example.com/a@b?c=d@e',
    `https://${'a'.repeat(63)}.com/`,
    'https://notlocalhost.com/',
    'https://mysvc.io/',
  ])('%s is accepted', (url) => {
    expect(codeOf(url)).toBe('ok');
  });

  test('has one origin and hash however its absolute name and port are written', () => {
    const spellings = [
      'https://example.com/x',
      'https://example.com./x',
      'HTTPS://EXAMPLE.com:443/x',
      'https://example.com:/x',
    ];
    expect(new Set(spellings.map((url) => JSON.stringify(policy.judgeUrl(url)))).size).toBe(1);
  });

  test('plain http is refused, and the message says what would permit it', () => {
    expect(policy.judgeUrl('http://example.com/secret')).toEqual({
      kind: 'refused',
      code: 'plain_http',
      message: 'Webhooks to example.com need https; RUNLANE_WEBHOOK_ALLOW can permit http://example.com.',
    });
  });
});

test('no message holds credentials, path or query', () => {
  const urls = [
    'https://SECRET:SECRET@example.com/',
    'https://example.com/SECRET#x',
    'https://10.0.0.1/SECRET?SECRET',
    'https://db/SECRET',
    'http://example.com/SECRET?SECRET',
    'https://example.com:22/SECRET',
    'https://example.com/SECRET x',
    'ftp://SECRET@example.com/SECRET',
    `https://example.com/${'SECRET'.repeat(400)}`,
    'https:SECRET',
    'SECRET',
    'https://SECRET..x/SECRET',
  ];
  for (const url of urls) {
    const verdict = policy.judgeUrl(url);
    expect(verdict).toMatchObject({ kind: 'refused', message: expect.not.stringMatching(/SECRET/i) });
  }
});
