/**
 * Who may look and act, as browsers, proxies and attackers ask over HTTP.
 * Real: HTTP, the console's app. Doubled: actions are noted and not done.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AccessSettings } from './access.ts';
import { serveConsole } from './console-http.fixture.ts';
import type { RawHeaders, ServedConsole } from './console-http.fixture.ts';

const open: AccessSettings = {
  auth: 'none',
  userHeader: 'x-forwarded-user',
  host: '127.0.0.1',
  publicUrl: null,
  canAct: true,
};
const CANCEL = JSON.stringify({ threadId: 't-1', runId: null, action: 'interrupt' });
const USER = ['X-Forwarded-User', 'ann'];
const TOKEN = ['Cookie', 'runlane_console=a', 'X-Runlane-Token', 'a'];
const JSON_TYPE = ['Content-Type', 'application/json'];

const cancel = (served: ServedConsole, headers: RawHeaders) =>
  served.ask('POST', '/api/actions/cancel', headers, CANCEL);

describe('behind a reverse proxy', () => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole({ ...open, auth: 'proxy', host: '0.0.0.0' });
  });
  afterAll(() => served[Symbol.asyncDispose]());
  beforeEach(() => void served.done.splice(0));

  test.for(['/', '/thread?id=t', '/assets/page.js', '/api/session', '/api/threads', '/api/events'])(
    '%s is shown to nobody whom the proxy has not named',
    async (path) => {
      for (const headers of [[], ['X-Forwarded-User', ''], ['X-Forwarded-User', '  '], ['X-User', 'ann']]) {
        const { status, text } = await served.ask('GET', path, headers);
        expect(status).toBe(401);
        expect(text).toContain('x-forwarded-user is missing');
      }
    },
  );

  test('whom it names may look and act, and the log has who did what', async () => {
    const session = await served.ask('GET', '/api/session', USER);
    expect(JSON.parse(session.text)).toMatchObject({ user: 'ann', canAct: true });
    expect((await served.ask('GET', '/', USER)).text).toContain('<title>Runlane');
    expect((await cancel(served, [...USER, ...TOKEN, ...JSON_TYPE])).status).toBe(200);
    expect(served.done).toEqual(['cancel']);
    expect(served.log().findLast(({ msg }) => msg === 'action.done')).toMatchObject({
      user: 'ann',
      action: 'cancel',
      of_thread_id: 't-1',
    });
  });

  test('an action without the name, and one with two names, is refused', async () => {
    expect((await cancel(served, [...TOKEN, ...JSON_TYPE])).status).toBe(401);
    const twice = await cancel(served, [...USER, 'x-forwarded-user', 'eve', ...TOKEN, ...JSON_TYPE]);
    expect(twice.status).toBe(401);
    expect(twice.text).toContain('came twice');
    expect(served.done).toEqual([]);
  });
});

describe('an action', () => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole(open);
  });
  afterAll(() => served[Symbol.asyncDispose]());
  beforeEach(() => void served.done.splice(0));

  test('of the page itself is done, with the token that the page got', async () => {
    const session = await served.ask('GET', '/api/session');
    const { token } = JSON.parse(session.text) as { token: string };
    const [cookie = ''] = session.cookies;
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    const own = ['Cookie', cookie.split(';', 1)[0] ?? '', 'X-Runlane-Token', token, ...JSON_TYPE];
    expect((await cancel(served, [...own, 'Origin', `http://${served.host}`])).status).toBe(200);
    expect(served.done).toEqual(['cancel']);
  });

  test.for<[string, RawHeaders]>([
    ['of another origin', [...TOKEN, ...JSON_TYPE, 'Origin', 'http://evil.example']],
    ['of another port', [...TOKEN, ...JSON_TYPE, 'Origin', 'http://127.0.0.1:1']],
    ['of an origin that hides', [...TOKEN, ...JSON_TYPE, 'Origin', 'null']],
    ['of another site', [...TOKEN, ...JSON_TYPE, 'Sec-Fetch-Site', 'cross-site']],
    ['without an origin and without the token', [...JSON_TYPE]],
    ['with the cookie alone', ['Cookie', 'runlane_console=a', ...JSON_TYPE]],
    ['with the token alone', ['X-Runlane-Token', 'a', ...JSON_TYPE]],
    ['with an empty token', ['Cookie', 'runlane_console=', 'X-Runlane-Token', '', ...JSON_TYPE]],
    ['as a form', [...TOKEN, 'Content-Type', 'application/x-www-form-urlencoded']],
    ['as a form with a file', [...TOKEN, 'Content-Type', 'multipart/form-data; boundary=x']],
    ['as text', [...TOKEN, 'Content-Type', 'text/plain; application/json']],
    ['without a type', [...TOKEN]],
    ['by a foreign name', [...TOKEN, ...JSON_TYPE, 'Host', 'evil.example', 'Origin', 'http://evil.example']],
  ])('%s is not done', async ([, headers]) => {
    expect((await cancel(served, headers)).status).toBe(403);
    expect(served.done).toEqual([]);
  });

  test.for(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('is not done by %s', async (method) => {
    const headers = [...TOKEN, ...JSON_TYPE, 'X-HTTP-Method-Override', 'POST'];
    const { status, headers: answered } = await served.ask(method, '/api/actions/cancel?_method=POST', headers);
    expect(status).toBe(404);
    expect(answered['access-control-allow-origin']).toBeUndefined();
    expect(served.done).toEqual([]);
  });

  test('a name that somebody else has led here is shown nothing', async () => {
    for (const path of ['/', '/api/session', '/api/threads', '/api/events']) {
      expect((await served.ask('GET', path, ['Host', 'evil.example'])).status).toBe(403);
    }
  });
});

describe('at an address of its own', () => {
  const publicUrl = new URL('https://console.example');

  test('an action comes from there, whatever the proxy has made of Host', async () => {
    await using served = await serveConsole({ ...open, auth: 'proxy', publicUrl });
    const token = ['Cookie', '__Host-runlane_console=a', 'X-Runlane-Token', 'a'];
    const from = (origin: string) => [...USER, ...token, ...JSON_TYPE, 'Host', 'console.svc:80', 'Origin', origin];
    expect((await cancel(served, from('http://console.svc:80'))).status).toBe(403);
    expect((await cancel(served, from('http://console.example'))).status).toBe(403);
    expect((await cancel(served, from('https://console.example'))).status).toBe(200);
    expect((await served.ask('GET', '/api/session', USER)).cookies[0]).toMatch(/^__Host-runlane_console=.*; Secure/i);
  });

  test('actions that are off are refused to the page itself', async () => {
    await using served = await serveConsole({ ...open, canAct: false });
    expect((await cancel(served, [...TOKEN, ...JSON_TYPE])).status).toBe(403);
    expect(served.done).toEqual([]);
  });
});
