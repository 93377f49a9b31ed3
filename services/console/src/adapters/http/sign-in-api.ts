/** Signing in and out: the addresses to which a browser is sent, and returns. */
import { RetryableError } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { Hono } from 'hono';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';
import { SIGN_IN_SECONDS, SignInFailed } from '../../app/sign-in.ts';
import type { SignIn } from '../../app/sign-in.ts';
import type { Caller } from './access.ts';
import { consoleCookie } from './cookies.ts';

const LOGIN = '/auth/login';

/** Sets `user` and `until`; sends browsers that ask for a page to sign in, and answers 401 to everything else. */
export function identifyBySession(signIn: SignIn): MiddlewareHandler<Caller> {
  const cookie = consoleCookie('session', signIn.settings.publicUrl);
  return async (context, next) => {
    const session = await signIn.sessionOf(getCookie(context, cookie.name) ?? '');
    if (session !== null) {
      context.set('user', session.person.user);
      context.set('until', session.until);
      return next();
    }
    const { pathname, search } = new URL(context.req.url);
    if (context.req.method === 'GET' && !/^\/(?:api|assets)\//.test(pathname)) {
      return context.redirect(`${LOGIN}?${new URLSearchParams({ to: `${pathname}${search}` })}`);
    }
    return context.json({ message: 'You are not signed in, or not any more.', signInAt: LOGIN }, 401);
  };
}

/** The routes that need no session, because they create one. */
export function signInApi(signIn: SignIn, logger: Logger): Hono<Caller> {
  const { publicUrl } = signIn.settings;
  const [begun, session] = [consoleCookie('sign_in', publicUrl), consoleCookie('session', publicUrl)];
  // The browser comes back from the provider's site, and would not send Strict cookies then.
  const kept = { sameSite: 'Lax' } as const;
  const asPage = async (context: Context<Caller>, answer: () => Promise<Response>): Promise<Response> => {
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof SignInFailed || error instanceof RetryableError)) throw error;
      logger.warn({ err: error }, 'sign_in.failed');
      return said(context, error instanceof SignInFailed ? 401 : 503, error.message);
    }
  };
  return new Hono<Caller>()
    .get('/login', (context) =>
      asPage(context, async () => {
        const { url, kept: text } = await signIn.begin(context.req.query('to') ?? '/');
        setCookie(context, begun.name, text, { ...begun.options, ...kept, maxAge: SIGN_IN_SECONDS });
        return context.redirect(url.href);
      }),
    )
    .get('/callback', (context) =>
      asPage(context, async () => {
        const text = getCookie(context, begun.name) ?? '';
        deleteCookie(context, begun.name, begun.options);
        const finished = await signIn.finish(new URL(context.req.url).searchParams, text);
        if (finished.kind === 'refused') {
          logger.warn({ user: finished.user, why: finished.why }, 'person.refused');
          return said(context, 403, finished.why);
        }
        const { user, subject } = finished.person;
        logger.info({ user, subject }, 'person.signed_in');
        const options = { ...session.options, ...kept, maxAge: signIn.settings.sessionSeconds };
        setCookie(context, session.name, finished.session, options);
        return context.redirect(finished.to);
      }),
    )
    .get('/signed-out', (context) => said(context, 200, 'You are signed out of the console.'));
}

/** Ends the session of this browser, and answers with the address for signing out of the provider as well. */
export function signOutApi(signIn: SignIn, logger: Logger): Hono<Caller> {
  const cookie = consoleCookie('session', signIn.settings.publicUrl);
  return new Hono<Caller>().post('/sign-out', async (context) => {
    deleteCookie(context, cookie.name, cookie.options);
    logger.info({ user: context.get('user') }, 'person.signed_out');
    const end = await signIn.endUrl().catch((error: unknown) => {
      // The session here has ended in any case.
      logger.warn({ err: error }, 'sign_in.provider_away');
      return null;
    });
    return context.json({ goTo: end?.href ?? '/auth/signed-out' });
  });
}

function said(context: Context<Caller>, status: 200 | 401 | 403 | 503, what: string): Response | Promise<Response> {
  context.header('cache-control', 'no-store');
  const page = html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>Runlane</title>
      <main>
        <h1>Runlane</h1>
        <p>${what}</p>
        <p><a href="${LOGIN}">Sign in</a></p>
      </main>
    </html>`;
  return context.html(page, status);
}
