/** The proxy breaks connections in the ways that it says. Real: sockets. Doubled: the server, which answers with what it got. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { eventually } from '@runlane/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Proxy } from './fault-proxy.ts';

const received: string[] = [];
const ends: Socket[] = [];
const server = createServer((socket) => {
  ends.push(socket);
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    received.push(String(bytes));
    socket.write(bytes);
  });
});
let proxy: Proxy;

beforeEach(async () => {
  received.length = 0;
  ends.length = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  proxy = await Proxy.before(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const socket of ends) socket.destroy();
  server.close();
});

type Client = { socket: Socket; answers: () => string; failure: () => string | null };

async function client(): Promise<Client> {
  const socket = connect(proxy.port, '127.0.0.1');
  let answers = '';
  let failure: string | null = null;
  socket.on('data', (bytes) => (answers += String(bytes)));
  socket.on('error', (error) => (failure = (error as NodeJS.ErrnoException).code ?? ''));
  await once(socket, 'connect');
  await eventually(() => ends.length >= proxy.connectionCount, { what: 'the server has the connection' });
  return { socket, answers: () => answers, failure: () => failure };
}

test('a slow connection keeps the order, also when it becomes fast again', async () => {
  const { socket, answers } = await client();
  proxy.delay(50);
  socket.write('a');
  await eventually(() => received.length === 1, { what: 'the server has received it' });
  proxy.delay(0);
  socket.write('b');
  await eventually(() => answers().length === 2, { what: 'both answers have come' });
  expect(answers()).toBe('ab');
});

test('of a stranded connection the client has its end until it is reset, and new connections work', async () => {
  const stranded = await client();
  const reset = proxy.strand();
  await eventually(() => ends[0]?.destroyed, { what: 'the end of the server is gone' });
  stranded.socket.write('a');
  const fresh = await client();
  fresh.socket.write('b');
  await eventually(() => fresh.answers() === 'b', { what: 'a new connection is answered' });
  expect({ received, failure: stranded.failure(), answers: stranded.answers() }).toEqual({
    received: ['b'],
    failure: null,
    answers: '',
  });
  reset();
  await eventually(() => stranded.failure() === 'ECONNRESET', { what: 'the client learns of it' });
});

test('while answers get lost, the server has done what it was asked', async () => {
  const { socket, answers, failure } = await client();
  proxy.loseAnswers(true);
  socket.write('a');
  await eventually(() => failure() === 'ECONNRESET', { what: 'the connection is reset' });
  expect({ received, answers: answers() }).toEqual({ received: ['a'], answers: '' });
  proxy.loseAnswers(false);
  const next = await client();
  next.socket.write('b');
  await eventually(() => next.answers() === 'b', { what: 'a new connection is answered' });
});
