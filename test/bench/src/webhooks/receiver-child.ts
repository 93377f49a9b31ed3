/**
 * The receiver of the webhook bench, as a process: HTTP servers on several addresses of the loopback, one for all other
 * addresses, and one with TLS. They note when a request came and answer 204. By its path a request is answered late, with
 * 500, or never. Paths are /answer and what begins so, /slow, /dead and /hang. One that comes again counts once, by its id.
 */
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

export type ReceiverQuestion = { hosts: string[]; tls: { key: string; cert: string } } | 'report' | 'reset';
/**
 * `ports` in the order of the hosts; `anyPort` of the server on all addresses; `tlsPort` the same with TLS; `times` by
 * `webhook-id`, in milliseconds since 1970.
 */
export type ReceiverAnswer =
  | { kind: 'listening'; ports: number[]; anyPort: number; tlsPort: number }
  | { kind: 'report'; count: number; otherCount: number; firstMs: number; lastMs: number; times: [string, number][] };

/** As long as a slow receiver takes that still counts as working. */
const SLOW_MS = 2_000;
/** Many connect at once. */
const BACKLOG = 8_192;
const ANY_ADDRESS = '0.0.0.0';
const KEPT = { keepAliveTimeout: 60_000 };

// The bench may end without a word.
process.once('disconnect', () => process.exit());

const now = (): number => performance.timeOrigin + performance.now();
let otherCount = 0;
let times = new Map<string, number>();
let firstMs = 0;
let lastMs = 0;

process.on('message', (question: ReceiverQuestion) => {
  if (question === 'report') {
    answer({ kind: 'report', count: times.size, otherCount, firstMs, lastMs, times: [...times] });
  } else if (question === 'reset') {
    times = new Map();
    firstMs = 0;
  } else {
    void listen(question).then(answer);
  }
});

const respond: RequestListener = (request, response) => {
  request.resume();
  const id = request.headers['webhook-id'];
  if (request.url?.startsWith('/answer') !== true || typeof id !== 'string') {
    otherCount += 1;
    if (request.url === '/slow') setTimeout(() => response.writeHead(204).end(), SLOW_MS);
    if (request.url === '/dead') request.once('end', () => response.writeHead(500).end());
    return;
  }
  request.once('end', () => {
    lastMs = now();
    if (times.size === 0) firstMs = lastMs;
    if (!times.has(id)) times.set(id, lastMs);
    response.writeHead(204).end();
  });
};

async function listen({ hosts, tls }: Exclude<ReceiverQuestion, string>): Promise<ReceiverAnswer> {
  const ports: number[] = [];
  for (const host of hosts) ports.push(await portOf(createServer(KEPT, respond), host));
  return {
    kind: 'listening',
    ports,
    anyPort: await portOf(createServer(KEPT, respond), ANY_ADDRESS),
    tlsPort: await portOf(createTlsServer({ ...KEPT, ...tls }, respond), ANY_ADDRESS),
  };
}

async function portOf(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ port: 0, host, backlog: BACKLOG }, resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A server on TCP has no port.');
  return address.port;
}

function answer(what: ReceiverAnswer): void {
  process.send?.(what);
}
