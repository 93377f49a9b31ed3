/** Authentication and authorisation, before anything else is done for a request. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { randomUUID } from 'node:crypto';
import { consoleCookie } from './cookies.ts';
import { actionProblem, isLoopback, isLoopbackHost } from '../../domain/request-rules.ts';

export type AccessSettings = {
  auth: 'none' | 'proxy' | 'oidc';
  userHeader: string;
  /** The address on which the console listens. */
  host: string;
  /** The address at which people reach the console, when `Host` has another one. */
  publicUrl: URL | null;
  canAct: boolean;
};

/** `until`: when they have to sign in again. */
export type Caller = { Bindings: HttpBindings; Variables: { user: string; until?: Date } };

const TOKEN_HEADER = 'x-runlane-token';

/** Sets `user`, or answers 401 or 403. With a sign-in, the session identifies people instead. */
export function identify({ auth, userHeader, host, publicUrl }: AccessSettings): MiddlewareHandler<Caller> {
  return async (context, next) => {
    if (auth === 'proxy') {
      const user = context.req.header(userHeader)?.trim();
      if (timesOf(context, userHeader) > 1) {
        const message =
          `The header ${userHeader} came twice, so that it does not say who asks. The reverse proxy has to remove what it is ` +
          'sent of it before it adds its own.';
        return context.json({ message }, 401);
      }
      if (!user) {
        const message =
          `The header ${userHeader} is missing. Ask for the console at the address of the reverse proxy that signs people ` +
          'in, or set RUNLANE_CONSOLE_USER_HEADER to the header that it sends.';
        return context.json({ message }, 401);
      }
      context.set('user', user);
      return next();
    }
    const asked = context.req.header('host')?.toLowerCase() ?? null;
    if ((isLoopback(host) || publicUrl !== null) && !isLoopbackHost(asked) && asked !== publicUrl?.host) {
      const message =
        publicUrl === null
          ? 'Ask for the console as localhost or 127.0.0.1: it answers to this machine alone.'
          : `Ask for the console as ${publicUrl.host}, as RUNLANE_CONSOLE_URL says.`;
      return context.json({ message }, 403);
    }
    context.set('user', 'anybody');
    return next();
  };
}

/** How often a header was sent: repeated headers are joined and would look like one. */
function timesOf(context: Context<Caller>, header: string): number {
  const { rawHeaders } = context.env.incoming;
  return rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === header.toLowerCase()).length;
}

/** The token that the page sends with each action; created when the browser has none. */
export function tokenOf(context: Context<Caller>, { publicUrl }: AccessSettings): string {
  const cookie = consoleCookie('console', publicUrl);
  const known = getCookie(context, cookie.name);
  if (known) return known;
  const token = randomUUID();
  setCookie(context, cookie.name, token, { ...cookie.options, sameSite: 'Strict' });
  return token;
}

/** Answers 403 to everything while actions are off. */
export function guardActions({ canAct }: AccessSettings): MiddlewareHandler<Caller> {
  return async (context, next) =>
    canAct ? next() : context.json({ message: 'Actions are off: RUNLANE_CONSOLE_ACTIONS is not on.' }, 403);
}

/** Answers 403 to requests that do not come from the console's own page. */
export function guardOwnPage({ publicUrl }: AccessSettings): MiddlewareHandler<Caller> {
  return async (context, next) => {
    const header = (name: string): string | null => context.req.header(name) ?? null;
    const problem = actionProblem({
      host: header('host'),
      publicOrigin: publicUrl?.origin ?? null,
      origin: header('origin'),
      secFetchSite: header('sec-fetch-site'),
      contentType: header('content-type'),
      token: header(TOKEN_HEADER),
      cookieToken: getCookie(context, consoleCookie('console', publicUrl).name) ?? null,
    });
    return problem === null ? next() : context.json({ message: problem }, 403);
  };
}
