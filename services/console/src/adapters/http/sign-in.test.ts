/**
 * People sign in with an OpenID provider, and nobody gets in otherwise.
 * Real: HTTP, the console's app, its cookies, a certified OpenID provider. Doubled: actions are noted and not done.
 * Decides: what each answers, and the console's log.
 */
import { Hono } from 'hono';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EventHub } from '../../app/event-hub.ts';
import { createSignIn } from '../../app/sign-in.ts';
import type { SignInSettings } from '../../app/sign-in.ts';
import { createIdentityProvider } from '../oidc-provider.ts';
import { createSealing } from '../sealed-texts.ts';
import type { Caller } from './access.ts';
import { serveConsole } from './console-http.fixture.ts';
import type { ServedConsole } from './console-http.fixture.ts';
import { liveEvents } from './live-events.ts';
import { startOpenIdProvider } from './openid.fixture.ts';
import type { OpenIdProvider } from './openid.fixture.ts';
import { visit } from './visitor.fixture.ts';
import type { Visitor } from './visitor.fixture.ts';

const KEY = 'k'.repeat(32);
const ANN = { sub: 'ann-1', claims: { email: 'ann@example.com', email_verified: true, groups: ['dev', 'ops'] } };

let openid: OpenIdProvider;
let served: ServedConsole;
let settings: SignInSettings;
let ann: Visitor;

beforeAll(async () => {
  openid = await startOpenIdProvider(() => settings.publicUrl);
  served = await serveOidc();
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await openid[Symbol.asyncDispose]();
});
beforeEach(() => {
  openid.account = ANN;
  ann = visit();
});

function serveOidc(changed: Partial<SignInSettings> = {}): Promise<ServedConsole> {
  const access = { auth: 'oidc', userHeader: 'x-forwarded-user', host: '0.0.0.0', canAct: true } as const;
  return serveConsole(access, (publicUrl) => {
    const own: SignInSettings = {
      publicUrl,
      issuer: openid.issuer,
      clientId: 'console',
      clientSecret: () => openid.clientSecret,
      scopes: 'openid profile email groups',
      rule: { claim: 'groups', allow: ['ops'] },
      keys: [KEY],
      sessionSeconds: 3_600,
      ...changed,
    };
    settings = own;
    return createSignIn(own, createIdentityProvider(own), createSealing(own.keys, own.publicUrl.origin));
  });
}

const at = (path: string, console_ = served): URL => new URL(path, `http://${console_.host}`);

test('a page leads over the provider back to itself, and the log has who signed in and who acts', async () => {
  const page = await ann.get(at('/thread?id=a%26b'));
  expect(page).toMatchObject({ status: 200, url: at('/thread?id=a%26b').href });
  expect(page.text).toContain('<title>Runlane');
  const question = new URL(ann.visited.find((url) => url.startsWith(`${openid.issuer.origin}/auth?`)) ?? '');
  expect(Object.fromEntries(question.searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    code_challenge: expect.stringMatching(/^.{43}$/),
    state: expect.stringMatching(/^.{40,}$/),
    nonce: expect.stringMatching(/^.{40,}$/),
    redirect_uri: at('/auth/callback').href,
  });
  expect(ann.setCookie('runlane_session')).toMatch(/; HttpOnly; SameSite=Lax$/);
  const session = JSON.parse((await ann.get(at('/api/session'))).text) as { token: string };
  expect(session).toMatchObject({ user: 'ann@example.com', auth: 'oidc', canAct: true });
  const cancel = { threadId: 't', runId: null, action: 'interrupt' };
  expect((await ann.post(at('/api/actions/cancel'), cancel, { 'x-runlane-token': session.token })).status).toBe(200);
  expect(served.log()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ msg: 'person.signed_in', user: 'ann@example.com', subject: 'ann-1' }),
      expect.objectContaining({ msg: 'action.done', user: 'ann@example.com', action: 'cancel' }),
    ]),
  );
});

test('without a session nothing is told, and the user header of a proxy makes none', async () => {
  for (const path of ['/api/session', '/api/threads', '/api/events', '/api/actions/cancel', '/assets/page.js']) {
    const { status, text } = await served.ask('GET', path, ['X-Forwarded-User', 'ann', 'Cookie', 'runlane_session=x']);
    expect([path, status]).toEqual([path, 401]);
    expect(JSON.parse(text)).toMatchObject({ signInAt: '/auth/login' });
  }
  expect((await served.ask('POST', '/api/sign-out')).status).toBe(401);
});

test('whom the rule does not let in gets no session, and reads why', async () => {
  openid.account = { sub: 'eve-1', claims: { ...ANN.claims, email: 'eve@example.com', groups: ['dev'] } };
  const refused = await ann.get(at('/'));
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('Your groups is none of those');
  expect((await ann.get(at('/api/session'))).status).toBe(401);
  expect(served.log()).toContainEqual(expect.objectContaining({ msg: 'person.refused', user: 'eve@example.com' }));
});

test('a link can make a sign-in lead to no other site', async () => {
  for (const to of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/auth/login',
    '',
  ]) {
    const { url } = await visit().get(at(`/auth/login?${new URLSearchParams({ to })}`));
    expect([to, url]).toEqual([to, at('/').href]);
  }
});

test('an answer of the provider counts once, in the browser that has asked, as it was given', async () => {
  const own = await ann.until(at('/'), ({ pathname }) => pathname === '/auth/callback');
  const other = visit();
  await other.until(at('/'), ({ pathname }) => pathname === '/auth/callback');
  const [ours, theirs] = [ann, other].map((one) => one.setCookie('runlane_sign_in')?.split(';', 1)[0] ?? '');
  const comeBack = ({ pathname, search }: URL, cookie = '') =>
    served.ask('GET', `${pathname}${search}`, ['Cookie', cookie]);
  expect(await comeBack(own)).toMatchObject({
    status: 401,
    text: expect.stringContaining('not begun in this browser'),
  });
  expect(await comeBack(own, theirs)).toMatchObject({ status: 401, cookies: [expect.stringContaining('Max-Age=0')] });
  const forged = new URL(own);
  forged.searchParams.set('iss', 'https://evil.example');
  expect((await comeBack(forged, ours)).status).toBe(401);
  expect(await comeBack(own, ours)).toMatchObject({ status: 302, headers: { location: '/' } });
  expect(await comeBack(own, ours)).toMatchObject({ status: 401, text: expect.stringContaining('invalid_grant') });
});

test('a session of another key, another console, another purpose or another content is none', async () => {
  const origin = settings.publicUrl.origin;
  const person = { user: 'eve', subject: 'e', by: 'ops' };
  const sealed = (key: string, issuer: string, purpose: 'session' | 'sign-in') =>
    createSealing([key], issuer).seal(purpose, person, 60);
  const good = await sealed(KEY, origin, 'session');
  const status = async (text: string) =>
    (await served.ask('GET', '/api/session', ['Cookie', `runlane_session=${text}`])).status;
  expect(await status(good)).toBe(200);
  expect(await status(await sealed('x'.repeat(32), origin, 'session'))).toBe(401);
  expect(await status(await sealed(KEY, 'https://other.example', 'session'))).toBe(401);
  expect(await status(await sealed(KEY, origin, 'sign-in'))).toBe(401);
  expect(await status(await createSealing([KEY], origin).seal('session', person, 0))).toBe(401);
  expect(await status(await createSealing([KEY], origin).seal('session', { ...person, by: 'dev' }, 60))).toBe(401);
  const at_ = good.length - 30;
  expect(await status(`${good.slice(0, at_)}${good[at_] === 'A' ? 'B' : 'A'}${good.slice(at_ + 1)}`)).toBe(401);
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  expect(await status(`${none}.${Buffer.from(JSON.stringify(person)).toString('base64url')}.`)).toBe(401);
});

test('a key is changed without signing anybody out', async () => {
  const made = await createSealing(['o'.repeat(32)], 'i').seal('session', { user: 'ann' }, 60);
  expect((await createSealing([KEY, 'o'.repeat(32)], 'i').open('session', made))?.value).toMatchObject({ user: 'ann' });
  expect(await createSealing([KEY], 'i').open('session', made)).toBeNull();
});

test('signing out ends the session here and leads to where the provider ends its own', async () => {
  await ann.get(at('/'));
  const { token } = JSON.parse((await ann.get(at('/api/session'))).text) as { token: string };
  expect((await ann.post(at('/api/sign-out'), {}, {})).status).toBe(403);
  expect((await ann.get(at('/api/session'))).status).toBe(200);
  const { text } = await ann.post(at('/api/sign-out'), {}, { 'x-runlane-token': token });
  const { goTo } = JSON.parse(text) as { goTo: string };
  expect(goTo.startsWith(`${openid.issuer.origin}/session/end?`)).toBe(true);
  expect(new URL(goTo).searchParams.get('post_logout_redirect_uri')).toBe(at('/auth/signed-out').href);
  expect((await ann.get(at('/api/session'))).status).toBe(401);
});

test('a session goes on while the provider is away, a sign-in says what is wrong, and works when it is back', async () => {
  await using lone = await serveOidc();
  const sealing = createSealing([KEY], at('/', lone).origin);
  const made = await sealing.seal('session', { user: 'ann', subject: 'ann-1', by: 'ops' }, 60);
  openid.isAway = true;
  const away = await lone.ask('GET', '/auth/login');
  expect(away.status).toBe(503);
  expect(away.text).toContain('RUNLANE_CONSOLE_OIDC_ISSUER has to be its issuer');
  expect((await lone.ask('GET', '/api/session', ['Cookie', `runlane_session=${made}`])).status).toBe(200);
  openid.isAway = false;
  const begun = await lone.ask('GET', '/auth/login');
  expect(begun.status).toBe(302);
  openid.isAway = true;
  const state = new URL(String(begun.headers['location'])).searchParams.get('state') ?? '';
  const answer = new URLSearchParams({ code: 'c', state, iss: openid.issuer.origin });
  const cookie = begun.cookies[0]?.split(';', 1)[0] ?? '';
  expect((await lone.ask('GET', `/auth/callback?${answer}`, ['Cookie', cookie])).status).toBe(503);
  openid.isAway = false;
});

test('what is told as it happens ends with the session', async () => {
  const app = new Hono<Caller>();
  app.use(async (context, next) => {
    context.set('until', new Date(Date.now() + 50));
    await next();
  });
  app.route('/', liveEvents(new EventHub({ queueLength: 1, mostListeners: 1 }), new AbortController().signal));
  const response = await app.request('/events');
  expect(await response.text()).toContain('event: open');
});
