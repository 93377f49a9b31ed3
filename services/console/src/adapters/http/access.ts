/** Who asks, and whether they may: before anything else that is done for a request. */
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { randomUUID } from 'node:crypto';
import { actionProblem, isLoopback, isLoopbackHost } from '../../domain/request-rules.ts';

export type AccessSettings = {
  auth: 'none' | 'proxy';
  userHeader: string;
  /** The address that is listened on. */
  host: string;
  canAct: boolean;
};

export type Caller = { Variables: { user: string } };

const TOKEN_COOKIE = 'runlane_console';
const TOKEN_HEADER = 'x-runlane-token';

/** Sets `user`, or answers 401 or 403. */
export function identify({ auth, userHeader, host }: AccessSettings): MiddlewareHandler<Caller> {
  return async (context, next) => {
    if (auth === 'proxy') {
      const user = context.req.header(userHeader)?.trim();
      if (!user) {
        const message =
          `The header ${userHeader} is missing. Ask for the console at the address of the reverse proxy that signs people ` +
          'in, or set RUNLANE_CONSOLE_USER_HEADER to the header that it sends.';
        return context.json({ message }, 401);
      }
      context.set('user', user);
      return next();
    }
    if (isLoopback(host) && !isLoopbackHost(context.req.header('host') ?? null)) {
      const message = 'Ask for the console as localhost or 127.0.0.1: it answers to this machine alone.';
      return context.json({ message }, 403);
    }
    context.set('user', 'anybody');
    return next();
  };
}

/** The token that the page sends with each action; made when the browser has none. */
export function tokenOf(context: Context): string {
  const known = getCookie(context, TOKEN_COOKIE);
  if (known !== undefined) return known;
  const token = randomUUID();
  setCookie(context, TOKEN_COOKIE, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
  return token;
}

/** Answers 403 to what the console's own page has not asked for, and to everything while actions are off. */
export function guardActions({ canAct }: AccessSettings): MiddlewareHandler<Caller> {
  return async (context, next) => {
    if (!canAct) {
      return context.json({ message: 'Actions are off: RUNLANE_CONSOLE_ACTIONS is not on.' }, 403);
    }
    const header = (name: string): string | null => context.req.header(name) ?? null;
    const problem = actionProblem({
      host: header('host'),
      origin: header('origin'),
      secFetchSite: header('sec-fetch-site'),
      contentType: header('content-type'),
      token: header(TOKEN_HEADER),
      cookieToken: getCookie(context, TOKEN_COOKIE) ?? null,
    });
    return problem === null ? next() : context.json({ message: problem }, 403);
  };
}
