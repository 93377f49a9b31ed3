/** What managed registries have in front of them: it knows who asks, and may speak HTTPS. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type RegistryGatewayOptions = {
  /** Of the registry behind it. */
  registryUrl: string;
  /** Who is let in; everybody by default. */
  login?: { username: string; password: string };
  /** PEM. Without them it speaks HTTP. */
  tls?: { key: string; cert: string };
};

export class RegistryGateway implements AsyncDisposable {
  readonly url: string;
  /** What everybody is answered instead of the registry's answer; null = nothing. */
  refusal: 401 | 403 | null = null;
  readonly #server: HttpServer | HttpsServer;

  private constructor(server: HttpServer | HttpsServer, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** Listens on 127.0.0.1. */
  static async start({ registryUrl, login, tls }: RegistryGatewayOptions): Promise<RegistryGateway> {
    const known = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const isKnown = known === undefined || request.headers.authorization === known;
      const refusal = gateway.refusal ?? (isKnown ? null : 401);
      response.setHeader('content-type', 'application/vnd.schemaregistry.v1+json');
      if (refusal !== null) {
        request.resume();
        response.writeHead(refusal).end(JSON.stringify({ error_code: refusal, message: 'User cannot be let in' }));
        return;
      }
      const body = Buffer.concat(await request.toArray());
      const behind = await fetch(`${registryUrl}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
        ...(body.length === 0 ? {} : { body }),
      });
      response.writeHead(behind.status).end(Buffer.from(await behind.arrayBuffer()));
    };
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      answer(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
    };
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const gateway = new RegistryGateway(server, `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`);
    return gateway;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
