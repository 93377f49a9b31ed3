import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import tls from 'node:tls';
import { recordingLogger, silentLogger } from '@runlane/service-kit/testing';
import { afterEach, expect, inject, test } from 'vitest';
import { TEST_CONNECTION, uniqueGroup, until } from '../conformance/fixtures.ts';
import { connectKafka } from '../kafkajs/connect-kafka.ts';

/** Real: the adapter and its sockets, a TLS server, Kafka. A server that only hangs up stands for the wrong address. */
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return `127.0.0.1:${address.port}`;
}

test.each([
  ['that wants TLS', () => tls.createServer()],
  ['that hangs up', () => createServer((socket) => socket.on('error', () => undefined).end())],
])('a listener %s is reported', async (_, serverOf) => {
  const broker = await listening(serverOf());
  const { logger, events } = recordingLogger();
  const kafka = connectKafka({ brokers: [broker], clientId: 'early-closes', logger, tuning: TEST_CONNECTION });
  const consumer = kafka.consumer({ group: uniqueGroup(), topics: ['any'], handle: () => Promise.resolve(null) });
  await consumer.start();
  await until(() => kafka.refusals().length === 1, 'it is said');
  expect(kafka.refusals()).toEqual([expect.stringContaining(`this service at ${broker}`)]);
  await consumer.drain(1_000);
  const errors = events().filter(({ level }) => level === 'error');
  expect(errors.map(({ msg }) => msg)).toEqual([expect.stringMatching(/may want TLS or SASL.*KAFKA_BROKERS/)]);
});

test('a broker that answers is not reported, however often we close the connection ourselves', async () => {
  const brokers = inject('kafkaBrokers');
  const kafka = connectKafka({ brokers, clientId: 'early-closes', logger: silentLogger, tuning: TEST_CONNECTION });
  for (let connection = 0; connection < 7; connection += 1) {
    const admin = await kafka.admin();
    await admin.partitionCount('any');
    await admin.close();
  }
  expect(kafka.refusals()).toEqual([]);
});
