/** The console over HTTP: the page, its readings and its actions. */
import { serveStatic } from '@hono/node-server/serve-static';
import { CommandError } from '@runlane/cli/operations';
import { sqlState } from '@runlane/postgres';
import { RetryableError } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { secureHeaders } from 'hono/secure-headers';
import { guardActions, guardOwnPage, identify, tokenOf } from './access.ts';
import type { AccessSettings, Caller } from './access.ts';
import { MOST_BYTES, actionApi } from './action-api.ts';
import { BadRequest, NotFound } from './bad-request.ts';
import type { Actions } from '../../app/actions.ts';
import type { DeadLetters } from '../../app/dead-letters.ts';
import type { EventHub } from '../../app/event-hub.ts';
import { liveEvents } from './live-events.ts';
import { deadLetterApi, webhookApi } from './webhook-api.ts';
import { readApi } from './read-api.ts';
import { identifyBySession, signInApi, signOutApi } from './sign-in-api.ts';
import type { SignIn } from '../../app/sign-in.ts';
import type { Readings } from './read-api.ts';

export type ConsoleNeeds = {
  access: AccessSettings;
  /** Null: the console has no sign-in of its own. */
  signIn: SignIn | null;
  version: string;
  readings: Readings;
  letters: DeadLetters;
  webhooks: Parameters<typeof webhookApi>[0];
  actions: Actions;
  hub: EventHub;
  stopped: AbortSignal;
  /** Folder of the built page. */
  page: string;
  logger: Logger;
};

/** Names of built files contain a hash of their content. */
const FOR_EVER = 'public, max-age=31536000, immutable';

export function createConsoleApp(needs: ConsoleNeeds): Hono<Caller> {
  const { access, signIn, version, page, logger } = needs;
  const app = new Hono<Caller>();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
      referrerPolicy: 'no-referrer',
      xFrameOptions: 'DENY',
    }),
  );
  if (signIn !== null) app.route('/auth', signInApi(signIn, logger));
  app.use(signIn === null ? identify(access) : identifyBySession(signIn));
  app.use('/api/*', async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  app.route('/api', liveEvents(needs.hub, needs.stopped));
  app.use(compress());
  app.get('/api/session', (context) =>
    context.json({
      user: context.get('user'),
      canAct: access.canAct,
      auth: access.auth,
      version,
      token: tokenOf(context, access),
    }),
  );
  app.route('/api', readApi(needs.readings));
  app.route('/api', webhookApi(needs.webhooks));
  app.route('/api', deadLetterApi(needs.letters));
  app.use(
    '/api/actions/*',
    guardActions(access),
    guardOwnPage(access),
    bodyLimit({ maxSize: MOST_BYTES, onError: tooLarge }),
  );
  app.route('/api', actionApi(needs.actions, logger));
  app.use('/api/sign-out', guardOwnPage(access));
  if (signIn !== null) app.route('/api', signOutApi(signIn, logger));
  app.all('/api/*', (context) => context.json({ message: `There is no ${context.req.path}.` }, 404));
  app.use('/assets/*', serveStatic({ root: page, onFound: (_, context) => context.header('cache-control', FOR_EVER) }));
  // Every other address is a route of the page.
  app.get(
    '*',
    serveStatic({
      root: page,
      path: 'index.html',
      onFound: (_, context) => context.header('cache-control', 'no-cache'),
    }),
  );

  app.onError((error, context) => {
    if (error instanceof BadRequest) return context.json({ message: error.message }, 400);
    if (error instanceof NotFound) return context.json({ message: error.message }, 404);
    // A class of its own: values that the types of Postgres do not have, such as a text with a zero byte or a 32nd of May.
    if (sqlState(error)?.startsWith('22') === true) {
      return context.json({ message: 'What was asked for cannot be in the ledger: see the address.' }, 400);
    }
    if (error instanceof CommandError) return context.json({ message: error.message }, 409);
    if (error instanceof RetryableError) {
      return context.json({ message: `Not available just now: ${error.message}` }, 503);
    }
    const id = crypto.randomUUID();
    logger.error({ err: error, path: context.req.path, error_id: id }, 'request.failed');
    return context.json({ message: `That went wrong in the console; its log has it as ${id}.` }, 500);
  });
  return app;
}

function tooLarge(context: Context): Response {
  return context.json(
    { message: `That is larger than ${MOST_BYTES.toLocaleString('en')} bytes; nothing was done.` },
    413,
  );
}
