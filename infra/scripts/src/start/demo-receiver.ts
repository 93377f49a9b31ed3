import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { parseRunStatusEvent } from '@runlane/contracts';
import type { Json } from '@runlane/contracts';
import type { Scope } from '@runlane/service-kit';
import { secretOf } from '@runlane/webhooks';
import { Webhook } from 'standardwebhooks';
import { lineOfEvent } from './event-line.ts';
import type { EventLine } from './event-line.ts';
import { describeError } from '../terminal.ts';

export type DemoReceiverOptions = {
  /** RUNLANE_WEBHOOK_MASTER_KEY, the current one: the secret of the receiver is derived from it. */
  masterKey: string;
  onWebhook: (line: EventLine) => void;
};

/**
 * A receiver of webhooks on a free port of the loopback, as a user would write one: it verifies what it gets with the
 * `standardwebhooks` library and the secret that `npm run runlane -- webhooks secret URL` prints. Resolves with its URL.
 */
export async function startDemoReceiver(scope: Scope, { masterKey, onWebhook }: DemoReceiverOptions): Promise<string> {
  let verifier: Webhook | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { line, status } = verdictOn(verifier, Buffer.concat(chunks).toString(), request.headers);
      response.writeHead(status).end();
      onWebhook(line);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  scope.defer('receiver of the demo', () => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A server on TCP has no port.');
  const url = `http://127.0.0.1:${address.port}/demo-webhook`;
  verifier = new Webhook(secretOf(masterKey, url));
  return url;
}

function verdictOn(
  verifier: Webhook | null,
  body: string,
  headers: IncomingHttpHeaders,
): { line: EventLine; status: number } {
  const texts = Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []));
  try {
    const verdict = parseRunStatusEvent(verifier?.verify(body, Object.fromEntries(texts)) as Json);
    if (verdict.kind === 'invalid') return { line: badLine(verdict.problems.join('; ')), status: 400 };
    const line = lineOfEvent(verdict.event);
    return { line: { ...line, type: 'webhook', detail: `${line.type}, signature verified` }, status: 204 };
  } catch (error) {
    return { line: badLine(describeError(error)), status: 401 };
  }
}

function badLine(why: string): EventLine {
  const time = new Date().toTimeString().slice(0, 8);
  return { time, type: 'webhook', graph: '-', thread: '-', detail: `refused: ${why}`, tone: 'bad' };
}
