/** A browser that reads slowly. Real: HTTP and its buffers, the console's app. */
import { eventually } from '@runlane/testkit';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { serveConsole } from './console-http.fixture.ts';

test('a browser that reads nothing for a while is told to ask anew, and costs a bounded queue', async () => {
  const access = { auth: 'none', userHeader: 'x', host: '127.0.0.1', canAct: false } as const;
  await using served = await serveConsole(access);
  const { hub, host } = served;
  const socket = createConnection(Number(host.split(':')[1]), '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(socket, 'connect');
  socket.write(`GET /api/events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await eventually(() => text.includes('event: open'), { what: 'the stream has begun' });
  socket.pause();
  const large = { type: 'run.succeeded', run_id: 'r'.repeat(100_000), thread_id: 't', at: '' };
  // More than the buffers of both sides hold: then the console writes no more, and its queue is what is left.
  for (let count = 0; count < 200; count += 1) {
    hub.tell(large);
    await new Promise(setImmediate);
  }
  socket.resume();
  await eventually(() => text.includes('event: reset'), { what: 'it is told to ask anew' });
  hub.tell({ ...large, run_id: 'the last one' });
  await eventually(() => text.includes('the last one'), { what: 'it is told what comes after' });
  expect(text.length).toBeLessThan(200 * 100_000);
  socket.destroy();
  await eventually(() => hub.listenerCount === 0, { what: 'it is forgotten when it leaves' });
});
