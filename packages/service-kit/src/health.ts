import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { RunlaneError } from './errors.ts';
import type { Logger } from './logger.ts';
import { redact } from './logging/redact.ts';

/** Result of a probe by name: `true`, or a sentence that says what is wrong. No entry at all means healthy. */
export type Check = Readonly<Record<string, true | string>>;

export type HttpOptions = {
  /** Port to listen on; null = a free one. */
  port: number | null;
  /** Address to listen on. Default: all of them, because probes come from outside the pod. */
  host?: string;
  /** Whether the process should go on living; a failure gets it restarted. Must not depend on other servers. */
  live: () => Check;
  /** Whether the process does its work right now. */
  ready: () => Check | Promise<Check>;
  metrics: Registry;
  logger: Logger;
  /** Further GET paths with what they answer as JSON, such as `/.well-known/webhook-keys`. */
  routes?: Readonly<Record<string, () => unknown>>;
};

/** A running server. `close` also cuts open connections; calling it twice is harmless. */
export type HttpEndpoint = AsyncDisposable & { port: number; close(): Promise<void> };

/** A probe that hangs must not look like a slow network to its caller. */
const CHECK_TIMEOUT_MS = 2_000;

/**
 * Serves `/livez`, `/readyz` (200 or 503, JSON `{ status, failing, passing }`) and `/metrics` (Prometheus text).
 * Anything else is 404. Resolves once the server listens, and logs the port.
 *
 * @throws RunlaneError `http_port_unavailable` when the port cannot be taken
 */
export async function startHttp(options: HttpOptions): Promise<HttpEndpoint> {
  const { metrics } = options;
  const routes: Routes = {
    '/livez': async (response) => answerCheck(response, await evaluate(options.live)),
    '/readyz': async (response) => answerCheck(response, await evaluate(options.ready)),
    '/metrics': async (response) => {
      const text = await metrics.metrics();
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
    },
  };
  return listen({ ...options, variable: 'HTTP_PORT', routes: { ...routes, ...answering(options.routes ?? {}) } });
}

export type RoutesOptions = Pick<HttpOptions, 'host' | 'logger'> & {
  port: number;
  /** Name of the variable that has the port, for errors. */
  variable: string;
  /** GET paths with what they answer as JSON. */
  routes: Readonly<Record<string, () => unknown>>;
};

/**
 * Serves some paths on a port of their own, and neither probes nor metrics.
 *
 * @throws RunlaneError `http_port_unavailable` when the port cannot be taken
 */
export async function startRoutes(options: RoutesOptions): Promise<HttpEndpoint> {
  return listen({ ...options, routes: answering(options.routes) });
}

type Routes = Record<string, (response: ServerResponse) => Promise<void>>;

function answering(contents: Readonly<Record<string, () => unknown>>): Routes {
  return Object.fromEntries(
    Object.entries(contents).map(([path, content]) => [
      path,
      async (response: ServerResponse) => answerJson(response, 200, await content()),
    ]),
  );
}

async function listen(
  options: Pick<HttpOptions, 'port' | 'host' | 'logger'> & { variable: string; routes: Routes },
): Promise<HttpEndpoint> {
  const { logger, routes } = options;
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const route = isRead && Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) {
      answerJson(response, 404, { status: 'not found', paths: Object.keys(routes) });
      return;
    }
    route(response).catch((err: unknown) => {
      logger.error({ err, path }, 'http.request_failed');
      if (response.headersSent) response.destroy();
      else answerJson(response, 500, { status: 'error' });
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portUnavailable(options.port, options.variable, cause)));
    server.listen({ port: options.port ?? 0, ...(options.host === undefined ? {} : { host: options.host }) }, resolve);
  });
  server.on('error', (err) => logger.error({ err }, 'http.server_failed'));

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('An HTTP server on TCP has no port.');
  logger.info({ port: address.port }, 'http.listening');

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closing;
  };
  return { port: address.port, close, [Symbol.asyncDispose]: close };
}

async function evaluate(check: () => Check | Promise<Check>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Check>((resolve) => {
    timer = setTimeout(resolve, CHECK_TIMEOUT_MS, { probe: `no answer within ${CHECK_TIMEOUT_MS} ms` });
  });
  try {
    return await Promise.race([(async () => check())(), late]);
  } catch (error) {
    return { probe: `failed: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    clearTimeout(timer);
  }
}

function answerCheck(response: ServerResponse, check: Check): void {
  const entries = Object.entries(check);
  const failing = entries.flatMap(([name, verdict]) => (verdict === true ? [] : [[name, redact(verdict)] as const]));
  const passing = entries.flatMap(([name, verdict]) => (verdict === true ? [name] : []));
  const status = failing.length === 0 ? 'ok' : 'failing';
  answerJson(response, failing.length === 0 ? 200 : 503, { status, failing: Object.fromEntries(failing), passing });
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

function portUnavailable(port: number | null, variable: string, cause: Error): RunlaneError {
  return new RunlaneError({
    code: 'http_port_unavailable',
    message: `Cannot listen on HTTP port ${port ?? 0}: ${cause.message}. Set ${variable} to a free port, or leave it unset.`,
    cause,
  });
}
