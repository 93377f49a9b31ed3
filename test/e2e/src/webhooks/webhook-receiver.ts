import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { originSecretOf, secretOf } from '@runlane/webhooks';
import { Webhook } from 'standardwebhooks';

/** A request as it arrived. `event` is its body, parsed. */
export type ReceivedRequest = {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  event: { event_id: string; run_id: string; sequence: number; type: string };
  atMs: number;
};

/** PEM texts. */
export type ServerCertificate = { key: string; cert: string };

/** Answers a request; `index` counts them from 0. Default: 204. */
export type Answer = (response: ServerResponse, request: ReceivedRequest, index: number) => void;

/** Answers everything with the status. */
export function answerWith(status: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, headers).end();
}

/** A receiver of webhooks on a free port of the loopback, that keeps what it gets. */
export class WebhookReceiver implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  answer: Answer;
  #port = 0;
  readonly #host: string;
  readonly #scheme: 'http' | 'https';
  readonly #server;

  private constructor(answer: Answer, host: string, tls: ServerCertificate | null) {
    this.answer = answer;
    this.#host = host;
    this.#scheme = tls === null ? 'http' : 'https';
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => this.#receive(request, response);
    this.#server = tls === null ? createServer(onRequest) : createTlsServer(tls, onRequest);
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const event = JSON.parse(body) as ReceivedRequest['event'];
      const received = { path: request.url ?? '', headers: request.headers, body, event, atMs: performance.now() };
      this.requests.push(received);
      this.answer(response, received, this.requests.length - 1);
    });
  }

  /**
   * @param host an address of the loopback; each is a site of its own
   * @param tls null (default): plain HTTP
   */
  static async start(
    answer: Answer = answerWith(204),
    host = '127.0.0.1',
    tls: ServerCertificate | null = null,
  ): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(answer, host, tls);
    await new Promise<void>((resolve) => receiver.#server.listen(0, host, resolve));
    const address = receiver.#server.address();
    if (address === null || typeof address === 'string') throw new Error('A server on TCP has no port.');
    receiver.#port = address.port;
    return receiver;
  }

  get origin(): string {
    return `${this.#scheme}://${this.#host}:${this.#port}`;
  }

  url(path: string): string {
    return `${this.origin}${path}`;
  }

  ids(): (string | string[] | undefined)[] {
    return this.requests.map(({ headers }) => headers['webhook-id']);
  }

  sequences(): number[] {
    return this.requests.map(({ event }) => event.sequence);
  }

  /** Thrown when the request is not signed with the secret of this receiver. */
  verify(request: ReceivedRequest, masterKey: string): void {
    this.#verifyWith(request, secretOf(masterKey, this.url(request.path)));
  }

  /** Thrown when the request is not signed with the secret that all URLs of an origin shared before each had its own. */
  verifyByOrigin(request: ReceivedRequest, masterKey: string): void {
    this.#verifyWith(request, originSecretOf(masterKey, this.origin));
  }

  #verifyWith(request: ReceivedRequest, secret: string): void {
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    new Webhook(secret).verify(request.body, headers);
  }

  /** Requests that were not answered are cut off. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
