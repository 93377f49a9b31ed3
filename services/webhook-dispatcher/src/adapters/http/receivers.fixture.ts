/**
 * Hostile receivers for tests: raw TCP and TLS servers on loopback, and a sender whose policy is the real one while its
 * dialler records where it would have gone and goes to loopback instead. No test opens a socket to any other machine.
 */
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { createWebhookPolicy } from '@runlane/webhooks';
import type { Dial } from './dial.ts';
import type { HostResolver } from './host-lookup.ts';
import type { AttemptResult, WebhookRequest, WebhookSender } from '../../app/ports.ts';
import { createWebhookSender } from './sender.ts';
import type { SenderOptions } from './sender.ts';

/** A server with its port and everything that it was sent, by connection. */
export type Receiver = AsyncDisposable & {
  port: number;
  /** What came in on each connection, as text of one character per byte. */
  received: string[];
  /** Connections that are open now. */
  open: Set<Socket>;
  /** POST requests that came in, on all connections. */
  requestCount(): number;
};

type Script = (socket: Socket | TLSSocket, index: number) => void;

/** A TCP server that does what the script says with each connection. */
export async function receiver(script: Script): Promise<Receiver> {
  return listening(createServer({ noDelay: true }), 'connection', script);
}

export async function tlsReceiver(options: TlsOptions, script: Script): Promise<Receiver> {
  const server = createTlsServer({ ...options, noDelay: true });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return listening(server, 'secureConnection', script);
}

async function listening(server: Server, event: string, script: Script): Promise<Receiver> {
  const received: string[] = [];
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
  });
  server.on(event, (socket: Socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
    });
    script(socket, index);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  return {
    port: (server.address() as AddressInfo).port,
    received,
    open,
    requestCount: () => received.join('').split('POST /').length - 1,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers every request with the text, once its head and body have come. */
export function answering(answer: string): Script {
  return (socket) => onRequest(socket, () => socket.write(answer, 'latin1'));
}

/** Calls back for each request whose head and body, of the length it states, have come. */
export function onRequest(socket: Socket, then: (count: number) => void): void {
  let text = '';
  let count = 0;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      text = text.slice(end + 4 + length);
      count += 1;
      then(count);
    }
  });
}

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** The public address under which tests know their loopback receivers. */
export const PUBLIC = '93.184.215.14';

/** Answers like a resolver; names that it does not have do not exist. */
export function names(table: Record<string, string[]>): HostResolver & { queries: string[] } {
  const queries: string[] = [];
  const find = async (name: string, isV6: boolean): Promise<string[]> => {
    queries.push(`${isV6 ? 'AAAA' : 'A'} ${name}`);
    const found = (table[name] ?? []).filter((address) => address.includes(':') === isV6);
    if (found.length > 0) return found;
    throw Object.assign(new Error('no such name'), { code: table[name] === undefined ? 'ENOTFOUND' : 'ENODATA' });
  };
  return {
    queries,
    resolve4: (name) => find(name, false),
    resolve6: (name) => find(name, true),
    resolveNs: async () => ['a.root-servers.net'],
  };
}

/**
 * A dialler that goes to the port on loopback instead, or to nowhere for port 0, and a record of where it was sent. The
 * sockets say of themselves that they are where they were sent, as real ones would.
 */
export function recordingDial(port: number | ((address: string) => number)): { dial: Dial; dialled: string[] } {
  const dialled: string[] = [];
  const dial: Dial = (address, wantedPort) => {
    dialled.push(`${address} ${wantedPort}`);
    const socket = connect({ host: '127.0.0.1', port: typeof port === 'number' ? port : port(address), noDelay: true });
    Object.defineProperty(socket, 'remoteAddress', { value: address });
    return socket;
  };
  return { dial, dialled };
}

/** A sender as in production, except for the given parts; names and dialler do nothing unless given. */
export function testSender(options: Partial<SenderOptions>): WebhookSender & AsyncDisposable {
  const sender = createWebhookSender({
    policy: createWebhookPolicy({ allow: [], deny: [] }),
    version: '1.2.3',
    resolver: names({}),
    dial: (address) => {
      throw new Error(`A test dialled ${address}, which it did not permit.`);
    },
    ...options,
  });
  return Object.assign(sender, { [Symbol.asyncDispose]: () => sender.close() });
}

/** A sender that reaches a plain HTTP receiver under http://127.0.0.1:port, by RUNLANE_WEBHOOK_ALLOW and really dialled. */
export function localSender(options: Partial<SenderOptions> = {}): WebhookSender & AsyncDisposable {
  const { dial: _inert, ...rest } = { dial: undefined, ...options };
  const sender = createWebhookSender({
    policy: createWebhookPolicy({ allow: ['http://127.0.0.1:*'], deny: [] }),
    version: '1.2.3',
    ...rest,
  });
  return Object.assign(sender, { [Symbol.asyncDispose]: () => sender.close() });
}

export const request = (url: string, changes: Partial<WebhookRequest> = {}): WebhookRequest => ({
  url,
  headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
  body: Buffer.from('{"type":"run.succeeded"}'),
  ...changes,
});

export const post = (sender: WebhookSender, url: string, changes?: Partial<WebhookRequest>): Promise<AttemptResult> =>
  sender.send(request(url, changes), new AbortController().signal);

/** The outcome in a few words: `200`, `failed tls`, `blocked denied_address`, `infrastructure`. */
export function inShort(result: AttemptResult): string {
  switch (result.kind) {
    case 'response':
      return String(result.status);
    case 'failed':
      return `failed ${result.class}`;
    case 'blocked':
      return `blocked ${result.code}`;
    case 'infrastructure':
      return 'infrastructure';
  }
}
