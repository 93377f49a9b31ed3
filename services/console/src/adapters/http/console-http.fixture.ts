/** The console over HTTP, with actions that are noted and not done; what is read is nowhere. */
import { serve } from '@hono/node-server';
import { createPool, Database } from '@runlane/postgres';
import { openDeployment, openRuns, openThreads } from '@runlane/run-consumer/ledger';
import { recordingLogger } from '@runlane/service-kit/testing';
import type { LogEvent } from '@runlane/service-kit/testing';
import { openWebhookLists } from '@runlane/webhook-dispatcher/operations';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Done } from '../../app/actions.ts';
import type { SignIn } from '../../app/sign-in.ts';
import { EventHub } from '../../app/event-hub.ts';
import { createConsoleApp } from './console-app.ts';
import type { AccessSettings } from './access.ts';

/** As on the wire: names and values one after the other, so that a header may come twice. */
export type RawHeaders = readonly string[];

export type Answered = { status: number; headers: NodeJS.Dict<string | string[]>; text: string; cookies: string[] };

export type ServedConsole = AsyncDisposable & {
  /** `host:port`. */
  host: string;
  ask: (method: string, path: string, headers?: RawHeaders, body?: string) => Promise<Answered>;
  /** Names of the actions that were done. */
  done: string[];
  log: () => LogEvent[];
  hub: EventHub;
};

/** `signInAt` gets the address, which the provider has to know; `built`: the folder of the built page, otherwise an empty one is served. */
export async function serveConsole(
  asked: Omit<AccessSettings, 'publicUrl'> & { publicUrl?: URL | null },
  signInAt: (publicUrl: URL) => SignIn | null = () => null,
  built: string | null = null,
): Promise<ServedConsole> {
  const empty = mkdtempSync(join(tmpdir(), 'console-page-'));
  writeFileSync(join(empty, 'index.html'), '<!doctype html><title>Runlane</title>');
  const { logger, events } = recordingLogger();
  const pool = createPool({ url: () => 'postgres://127.0.0.1:9/none', max: 1, applicationName: 'test', logger });
  const database = new Database(pool);
  const done: string[] = [];
  const note = (name: string) => (): Promise<Done> => {
    done.push(name);
    return Promise.resolve({ message: 'Noted.', runId: null });
  };
  const stopped = new AbortController();
  const hub = new EventHub({ queueLength: 10, mostListeners: 10 });
  let fetch: ReturnType<typeof createConsoleApp>['fetch'] = () => new Response('not yet', { status: 503 });
  const listening = Promise.withResolvers<AddressInfo>();
  const server = serve(
    { fetch: (...asked: Parameters<typeof fetch>) => fetch(...asked), hostname: '127.0.0.1', port: 0 },
    listening.resolve,
  );
  const { port } = await listening.promise;
  const signIn = signInAt(new URL(`http://127.0.0.1:${port}`));
  const access = { ...asked, publicUrl: asked.publicUrl ?? signIn?.settings.publicUrl ?? null };
  ({ fetch } = createConsoleApp({
    access,
    signIn,
    version: '0',
    readings: {
      threads: openThreads(database, 'public'),
      runs: openRuns(database),
      deployment: openDeployment(database),
      standing: { log: () => Promise.resolve({ checks: [], lags: [] }), schemas: () => Promise.resolve([]) },
      traceTemplate: null,
    },
    webhooks: openWebhookLists(database, { group: 'g', topic: 't' }),
    letters: {
      page: () => Promise.resolve({ letters: [], next: null }),
      show: () => Promise.resolve(null),
      redrive: () => Promise.resolve({ kind: 'refused', why: 'There are none.' }),
    },
    actions: {
      answer: note('answer'),
      letOn: note('letOn'),
      cancel: note('cancel'),
      fork: note('fork'),
      redrive: note('redrive'),
      replay: note('replay'),
      pause: note('pause'),
      resume: note('resume'),
    },
    hub,
    stopped: stopped.signal,
    page: built ?? empty,
    logger,
  }));
  return {
    host: `127.0.0.1:${port}`,
    ask: (method, path, headers = [], body) => askRaw({ port, method, path, headers: [...headers], body }),
    done,
    log: events,
    hub,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      if ('closeAllConnections' in server) server.closeAllConnections();
      await Promise.all([closed.promise, pool.end()]);
      rmSync(empty, { recursive: true });
    },
  };
}

/** Not by fetch, which decides itself about Host, Origin and headers that come twice. */
function askRaw(options: {
  port: number;
  method: string;
  path: string;
  headers: string[];
  body: string | undefined;
}): Promise<Answered> {
  const { port, method, path, headers, body } = options;
  const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  const sent = hasHost ? headers : [...headers, 'Host', `127.0.0.1:${port}`];
  const answered = Promise.withResolvers<Answered>();
  const asked = request(
    {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: body === undefined ? sent : [...sent, 'Content-Length', String(Buffer.byteLength(body))],
      agent: false,
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', answered.reject);
      response.on('end', () =>
        answered.resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          cookies: response.headers['set-cookie'] ?? [],
        }),
      );
    },
  );
  asked.on('error', answered.reject);
  asked.end(body);
  return answered.promise;
}
