/**
 * The receiver of the webhook bench, as a process: HTTP servers on several addresses of the loopback, which note when a
 * request came and answer 204, or never where the path says so. Paths are /answer/<n> and /hang.
 */
import { createServer } from 'node:http';

export type ReceiverQuestion = { hosts: string[] } | 'report' | 'reset';
/** `ports` in the order of the hosts; `times` in milliseconds since 1970, NaN for numbers that did not come. */
export type ReceiverAnswer =
  | { kind: 'listening'; ports: number[] }
  | { kind: 'report'; count: number; hangCount: number; firstMs: number; lastMs: number; times: [number, number][] };

// The bench may end without a word.
process.once('disconnect', () => process.exit());

const now = (): number => performance.timeOrigin + performance.now();
let hangCount = 0;
let times = new Map<number, number>();
let firstMs = 0;
let lastMs = 0;

process.on('message', (question: ReceiverQuestion) => {
  if (question === 'report') {
    answer({ kind: 'report', count: times.size, hangCount, firstMs, lastMs, times: [...times] });
  } else if (question === 'reset') {
    times = new Map();
    firstMs = 0;
  } else {
    void listen(question.hosts).then((ports) => answer({ kind: 'listening', ports }));
  }
});

async function listen(hosts: string[]): Promise<number[]> {
  const ports: number[] = [];
  for (const host of hosts) {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      request.resume();
      const number = /^\/answer\/(\d+)$/.exec(request.url ?? '')?.[1];
      if (number === undefined) {
        hangCount += 1;
        return;
      }
      request.once('end', () => {
        lastMs = now();
        if (times.size === 0) firstMs = lastMs;
        if (!times.has(Number(number))) times.set(Number(number), lastMs);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A server on TCP has no port.');
    ports.push(address.port);
  }
  return ports;
}

function answer(what: ReceiverAnswer): void {
  process.send?.(what);
}
