import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Answer } from '../../e2e/src/webhooks/webhook-receiver.ts';
import { Random } from './random.ts';

/**
 * A receiver like those of the internet: errors, redirects, cut connections, throttling, and occasionally an answer.
 *
 * @param denied origin to which it redirects
 */
export function hostileAnswer(seed: number, denied: string): Answer {
  const random = new Random(seed, 'receiver');
  return (response) => {
    const how = random.weighted({ fine: 4, error: 2, throttle: 1, redirect: 1, cut: 1, gone: 1 });
    switch (how) {
      case 'fine':
        response.writeHead(204).end();
        return;
      case 'error':
        response.writeHead(500).end('no');
        return;
      case 'throttle':
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      case 'redirect':
        response.writeHead(302, { location: `${denied}/redirected` }).end();
        return;
      case 'cut':
        response.destroy();
        return;
      case 'gone':
        response.writeHead(410).end();
    }
  };
}

/** An address that the policy of webhooks denies, which counts who connects to it all the same. */
export class DeniedAddress implements AsyncDisposable {
  connectionCount = 0;
  readonly #server = createServer((socket) => {
    this.connectionCount += 1;
    socket.destroy();
  });

  static async listen(): Promise<DeniedAddress> {
    const denied = new DeniedAddress();
    await once(denied.#server.listen(0, '127.0.0.3'), 'listening');
    return denied;
  }

  get origin(): string {
    return `http://127.0.0.3:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}
