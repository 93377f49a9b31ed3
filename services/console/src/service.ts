/**
 * Purpose   Composes the console: the order in which its parts start and stop.
 * State     None of its own: what it shows is in Postgres and in the topics, and what people do goes there. So any number of
 *           processes may serve the same people, and nothing is lost when one dies.
 */
import { serve } from '@hono/node-server';
import { kafkaSecurity } from '@runlane/kafka';
import { openKafka } from '@runlane/log-ledger';
import { CHECKPOINT_TABLES } from '@runlane/run-consumer/ledger';
import { DatabaseAccess, READ_AND_WRITE, createPool, probeDatabase } from '@runlane/postgres';
import {
  Probes,
  RunlaneError,
  ShuttingDown,
  createMetrics,
  currentSecret,
  failureOf,
  startHttp,
} from '@runlane/service-kit';
import type { Logger, RunningService, Scope } from '@runlane/service-kit';
import type { NeededGrants } from '@runlane/postgres';
import type { AddressInfo } from 'node:net';
import { createIdentityProvider } from './adapters/oidc-provider.ts';
import { createSealing } from './adapters/sealed-texts.ts';
import { createConsoleApp } from './adapters/http/console-app.ts';
import { EventHub } from './app/event-hub.ts';
import { createSignIn } from './app/sign-in.ts';
import type { SignIn } from './app/sign-in.ts';
import { signInSettings } from './config.ts';
import type { ConsoleConfig } from './config.ts';
import { PAGE_DIRECTORY, assertBuilt } from './page-bundle.ts';
import { serviceVersion } from './version.ts';
import { openDeploymentOf } from './wiring/deployment.ts';
import { followEventsUntil } from './wiring/follow-events.ts';

/** Limit of a statement: nobody waits longer for a page, and a longer statement would slow the runs down. */
const STATEMENT_TIMEOUT_MS = 10_000;
const HUB = { queueLength: 500, mostListeners: 500 };

export type ServiceOptions = { config: ConsoleConfig; logger: Logger };

/** Starts the service and resolves when it listens. It does not wait for its servers; a page that needs one that is away says so. */
export async function startConsole(
  scope: Scope,
  signal: AbortSignal,
  { config, logger }: ServiceOptions,
): Promise<RunningService> {
  assertBuilt(PAGE_DIRECTORY);
  const url = () => currentSecret(config, 'DATABASE_URL') ?? config.DATABASE_URL;
  const access = new DatabaseAccess({ url, needs: neededGrants(config), logger });
  scope.defer('watch over refusals of the database', () => access.close());
  const pool = createPool({
    url,
    onRefused: access.note,
    max: config.RUNLANE_DATABASE_POOL_SIZE,
    applicationName: 'console',
    logger,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  scope.defer('database pool', () => pool.end());
  const kafka = openKafka(config, 'console', logger);
  const probes = new Probes({
    database: () => probeDatabase(pool),
    kafka,
    access,
    logger,
    consumes: false,
  });
  scope.use(
    await startHttp({
      port: config.HTTP_PORT,
      live: () => probes.live(),
      ready: () => probes.ready(),
      metrics: createMetrics('console', serviceVersion),
      logger,
    }),
    'http',
  );
  const hub = new EventHub(HUB);
  const background = new AbortController();
  scope.defer('background work', () => background.abort(new ShuttingDown('stopped')));
  const connection = {
    brokers: config.KAFKA_BROKERS,
    clientId: 'console',
    topicPrefix: config.RUNLANE_TOPIC_PREFIX,
    ...kafkaSecurity(config, (name) => currentSecret(config, name)),
  };
  const following = followEventsUntil(background.signal, { hub, logger, connection });
  const app = createConsoleApp({
    access: {
      auth: config.RUNLANE_CONSOLE_AUTH,
      userHeader: config.RUNLANE_CONSOLE_USER_HEADER,
      host: config.RUNLANE_CONSOLE_HOST,
      publicUrl: config.RUNLANE_CONSOLE_URL === null ? null : new URL(config.RUNLANE_CONSOLE_URL),
      canAct: config.RUNLANE_CONSOLE_ACTIONS === 'on',
    },
    signIn: signInOf(config),
    version: serviceVersion,
    ...openDeploymentOf(scope, { config, pool, kafka, connection, logger }),
    hub,
    stopped: background.signal,
    page: PAGE_DIRECTORY,
    logger,
  });
  void access.look();
  await listen(scope, app.fetch, config, logger);
  probes.isStarted();
  signal.addEventListener('abort', () => background.abort(new ShuttingDown('stopped')), { once: true });
  return { failed: [failureOf(following)], drain: () => following };
}

function signInOf(config: ConsoleConfig): SignIn | null {
  const settings = signInSettings(config);
  if (settings === null) return null;
  const sealing = createSealing(settings.keys, settings.publicUrl.origin);
  return createSignIn(settings, createIdentityProvider(settings), sealing);
}

/** The page only reads. Of the actions, only those on receivers write to the database. */
function neededGrants({ RUNLANE_CONSOLE_ACTIONS, RUNLANE_CHECKPOINT_SCHEMA }: ConsoleConfig): NeededGrants[] {
  const read = ['SELECT'];
  return [
    { schema: 'runlane', tables: null, privileges: read },
    { schema: RUNLANE_CHECKPOINT_SCHEMA, tables: CHECKPOINT_TABLES, privileges: read },
    { schema: 'webhooks', tables: null, privileges: RUNLANE_CONSOLE_ACTIONS === 'on' ? READ_AND_WRITE : read },
  ];
}

/** Thrown: RunlaneError when the port cannot be opened. */
async function listen(
  scope: Scope,
  fetch: Parameters<typeof serve>[0]['fetch'],
  { RUNLANE_CONSOLE_HOST: hostname, RUNLANE_CONSOLE_PORT: port }: ConsoleConfig,
  logger: Logger,
): Promise<void> {
  const listening = Promise.withResolvers<AddressInfo>();
  const server = serve({ fetch, hostname, port: port ?? 0 }, listening.resolve);
  server.once('error', (cause) =>
    listening.reject(
      new RunlaneError({
        code: 'http_port_unavailable',
        message: `Cannot listen on ${hostname}:${port ?? 0}: ${String(cause)}. Set RUNLANE_CONSOLE_HOST and RUNLANE_CONSOLE_PORT to what is free.`,
        cause,
      }),
    ),
  );
  const address = await listening.promise;
  scope.defer('console', async () => {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
    await closed.promise;
  });
  logger.info({ host: hostname, console_port: address.port }, 'console.listening');
}
