import { describe, expect, test } from 'vitest';
import { WebhookConfigError } from './config-error.ts';
import { headerProblem } from './header-rules.ts';
import { createWebhookPolicy } from './policy.ts';
import { readProjectUrlRules, readProjectWebhooks, UNRESTRICTED } from './project-webhooks.ts';

const BOUND = { allowed_domains: ['hooks.example.com'] };

const problemsOf = (section: unknown, environment: Record<string, string> = {}): readonly string[] => {
  try {
    readProjectWebhooks(section, environment);
  } catch (error) {
    if (error instanceof WebhookConfigError) return error.problems;
    throw error;
  }
  return [];
};

test('without the section, or with an empty one, nothing is narrowed and no header is set', () => {
  for (const section of [undefined, null, {}, { headers: null, url: {} }, { url: { allowed_domains: [] } }]) {
    expect(readProjectWebhooks(section, {})).toEqual({ headers: {}, url: UNRESTRICTED });
  }
});

describe('headers', () => {
  const environment = {
    LG_WEBHOOK_TOKEN: 'abc',
    LG_WEBHOOK_TEAM: 'core',
    MY_TOKEN: 'mine',
    RUNLANE_X: 'r',
    PATH: '/bin',
  };
  const headers = (given: Record<string, unknown>, more: object = {}) =>
    readProjectWebhooks({ headers: given, url: BOUND, ...more }, environment).headers;

  test('are refused unless the project names their receivers: a producer may name any URL', () => {
    for (const url of [undefined, {}, { allowed_domains: [] }, { require_https: true }]) {
      expect(problemsOf({ headers: { authorization: 'Bearer abc' }, url })).toEqual([
        expect.stringContaining('webhooks.url.allowed_domains'),
      ]);
    }
    expect(problemsOf({ headers: { authorization: 'Bearer abc' }, url: BOUND })).toEqual([]);
  });

  test('are read with their templates filled in, several in one value', () => {
    expect(
      headers({
        Authorization: 'Bearer ${{ env.LG_WEBHOOK_TOKEN }}',
        'X-Team': '${{env.LG_WEBHOOK_TEAM}}/${{ env.LG_WEBHOOK_TOKEN }}',
      }),
    ).toEqual({ authorization: 'Bearer abc', 'x-team': 'core/abc' });
    expect(headers({ 'x-t': '${{ env.MY_TOKEN }}' }, { env_prefix: 'MY_' })).toEqual({ 'x-t': 'mine' });
  });

  test.each<[Record<string, unknown>, string]>([
    [{ 'x-a': '${{ env.LG_WEBHOOK_NONE }}' }, 'names the variable LG_WEBHOOK_NONE, which is not set'],
    [{ 'x-a': '${{ env.PATH }}' }, 'names the variable PATH, which does not begin with LG_WEBHOOK_'],
    [{ 'x-a': '${{ secrets.X }}' }, 'has a template other than ${{ env.NAME }}'],
    [{ 'x-a': '${{ env.LG_WEBHOOK_TOKEN' }, 'has a template without its end'],
    [{ 'x-a': 5 }, 'must be a text'],
    [{ 'X-A': '1', 'x-a': '2' }, 'stands there twice'],
    [{ Host: 'internal' }, 'cannot be set'],
  ])('%j is refused', (given, problem) => {
    expect(problemsOf({ headers: given, url: BOUND }, environment)).toEqual([expect.stringContaining(problem)]);
  });

  test('no problem holds a value', () => {
    const problems = problemsOf(
      { headers: { 'x-a': '${{ env.LG_WEBHOOK_BAD }}', host: 'SECRET' }, url: BOUND },
      { LG_WEBHOOK_BAD: 'SECRET\r\n' },
    );
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('SECRET');
  });

  test.each(['', 'RUNLANE_', 'R', 'DATABASE_', 'RUNLANE_WEBHOOK_MASTER', 'LG WEBHOOK', 'AWS_', 'PGPASS', 5])(
    'the prefix %j is refused',
    (prefix) => {
      expect(problemsOf({ env_prefix: prefix })).toEqual([expect.stringContaining('webhooks.env_prefix must be')]);
    },
  );
});

describe('H-H1 a header', () => {
  test.each(
    [
      ['host', 'Host', 'connection', 'content-type', 'content-length', 'content-encoding', 'te', 'upgrade', 'expect'],
      ['transfer-encoding', 'trailer', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'forwarded', 'cookie'],
      ['webhook-id', 'webhook-signature', 'Webhook-Timestamp', 'metadata', 'Metadata-Flavor', 'user-agent', 'accept'],
      ['x-forwarded-for', 'X-Forwarded-Host', 'x_forwarded_for', 'x-forwarded_for', 'x-forwarded', 'x-real-ip'],
      ['x-amz-date', 'X-Amzn-Trace-Id', 'x-aws-ec2-metadata-token', 'x-google-metadata-request', 'x-original-url'],
      [
        'x-rewrite-url',
        'x-http-method-override',
        'x-method-override',
        'x-host',
        'x-envoy-original-path',
        'x-client-ip',
      ],
      ['x-ms-version', 'x-', '', 'x a', 'x-a:', 'x-a\r\nhost', 'x-ä', 'x-a\u0000', `x-${'a'.repeat(300)}`],
    ].flat(),
  )('named %j is refused', (name) => {
    expect(headerProblem(name, 'value')).toMatch(/cannot be set|no name/);
  });

  test.each([
    ['CRLF', 'a\r\nhost: internal'],
    ['LF', 'a\nb'],
    ['NUL', 'a\u0000b'],
    ['Unicode', 'tökén'],
    ['Latin-1', 'caf\u00e9'],
    ['DEL', 'a\u007f'],
    ['5 KB', 'a'.repeat(5 * 1024)],
    ['nothing', ''],
    ['blanks around it', ' a'],
  ])('with %s in its value is refused', (_name, value) => {
    expect(headerProblem('x-token', value)).toMatch(/^has a value/);
  });

  test.each(['authorization', 'Authorization', 'x-api-key', 'X-Team', 'x-forward', 'x-hostname', 'x-methodology'])(
    'named %s is free',
    (name) => {
      expect(headerProblem(name, 'Bearer a b\tc')).toBe(null);
    },
  );
});

describe('url', () => {
  test.each([
    [{ require_https: 'yes' }, 'webhooks.url.require_https must be true or false'],
    [{ allowed_domains: 'example.com' }, 'webhooks.url.allowed_domains must be a list'],
    [{ allowed_domains: ['https://example.com'] }, 'webhooks.url.allowed_domains must be a list'],
    [{ allowed_ports: [0] }, 'webhooks.url.allowed_ports must be a list of ports'],
    [{ allowed_ports: [70_000] }, 'webhooks.url.allowed_ports must be a list of ports'],
    [{ max_url_length: 0 }, 'webhooks.url.max_url_length must be'],
    [{ disable_loopbacks: true }, 'has the unknown key "disable_loopbacks"; it can have require_https'],
  ])('%j is a clear error', (url, problem) => {
    expect(problemsOf({ url })).toEqual([expect.stringContaining(problem)]);
  });

  test('all problems are reported at once, unknown keys of the section included', () => {
    expect(problemsOf({ header: {}, url: { allowed_ports: 443, require_https: 1 } })).toEqual([
      'langgraph.json: webhooks has the unknown key "header"; it can have env_prefix, headers, url.',
      expect.stringContaining('require_https'),
      expect.stringContaining('allowed_ports'),
    ]);
    expect(problemsOf([])).toEqual([expect.stringContaining('webhooks must be an object')]);
  });

  const judge = (
    url: string,
    rules: object,
    allow: string[] = ['http://127.0.0.1:*', 'https://example.com:8443', 'http://localhost:*'],
  ) => {
    const project = readProjectWebhooks({ url: rules }, {}).url;
    const verdict = createWebhookPolicy({ allow, deny: [], project }).judgeUrl(url);
    return verdict.kind === 'ok' ? 'ok' : verdict.code;
  };

  test.each<[string, object, string]>([
    ['http://127.0.0.1:80/', { require_https: true }, 'denied_by_project'],
    ['https://example.com/', { require_https: true }, 'ok'],
    ['https://example.com/', { allowed_domains: ['example.com'] }, 'ok'],
    ['https://a.example.com/', { allowed_domains: ['example.com'] }, 'denied_by_project'],
    ['https://a.b.example.com/', { allowed_domains: ['*.Example.com'] }, 'ok'],
    ['https://example.com/', { allowed_domains: ['*.example.com'] }, 'denied_by_project'],
    ['https://badexample.com/', { allowed_domains: ['*.example.com'] }, 'denied_by_project'],
    ['https://example.com:8443/', { allowed_ports: [443] }, 'denied_by_project'],
    ['https://example.com/', { allowed_ports: [443] }, 'ok'],
    ['https://example.com/', { allowed_ports: [8443] }, 'denied_by_project'],
    ['https://example.com/aaaaaaaaaa', { max_url_length: 20 }, 'denied_by_project'],
    ['https://example.com/', { max_url_length: 20 }, 'ok'],
    ['http://127.0.0.1:80/', { disable_loopback: true }, 'denied_address'],
    ['http://localhost:80/', { disable_loopback: true }, 'denied_by_project'],
    ['http://localhost:80/', { disable_loopback: false }, 'ok'],
  ])('%s under %j: %s', (url, rules, verdict) => {
    expect(judge(url, rules)).toBe(verdict);
  });

  test('is read alone without the variables of the headers', () => {
    const section = { headers: { 'x-a': '${{ env.LG_WEBHOOK_NONE }}' }, url: { require_https: true } };
    expect(readProjectUrlRules(section)).toEqual({ ...UNRESTRICTED, requireHttps: true });
    expect(() => readProjectUrlRules({ url: { require_https: 1 } })).toThrow('must be true or false');
  });

  test('widens nothing', () => {
    expect(judge('https://example.com:8444/', { allowed_ports: [8444] })).toBe('denied_port');
    expect(judge('https://db/', { allowed_domains: ['db'] })).toBe('denied_name');
    expect(judge('http://example.com/', { require_https: false })).toBe('plain_http');
    expect(judge('https://10.0.0.1/', { disable_loopback: false, allowed_domains: ['10.0.0.1'] })).toBe(
      'denied_address',
    );
    expect(judge(`https://example.com/${'a'.repeat(2048)}`, { max_url_length: 100_000 })).toBe('too_long');
  });

  test('disable_loopback also denies a permitted name that resolves to loopback', () => {
    const { url } = readProjectWebhooks({ url: { disable_loopback: true } }, {});
    const narrowed = createWebhookPolicy({ allow: ['http://hooks.internal:*'], deny: [], project: url });
    expect(narrowed.judgeAddress({ url: 'http://hooks.internal/' }, '127.0.0.1')).toMatchObject({ kind: 'denied' });
    expect(narrowed.judgeAddress({ url: 'http://hooks.internal/' }, '10.0.0.1')).toEqual({ kind: 'allowed' });
  });
});
