import { connect } from 'node:net';
import { Counter } from 'prom-client';
import { expect, test } from 'vitest';
import { startHttp } from './health.ts';
import type { HttpEndpoint, HttpOptions } from './health.ts';
import { createMetrics } from './metrics.ts';
import { recordingLogger } from './recording-logger.fixture.ts';

const { logger, lines } = recordingLogger();
const metrics = createMetrics('test-service', '0.0.0');

function start(options: Partial<HttpOptions> = {}): Promise<HttpEndpoint> {
  return startHttp({
    port: null,
    host: '127.0.0.1',
    live: () => ({}),
    ready: () => ({ database: true, kafka: true }),
    metrics,
    logger,
    ...options,
  });
}

async function get(port: number, path: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, text: await response.text() };
}

test('a healthy service answers 200 on both probes, also to HEAD and with a query', async () => {
  await using http = await start();
  expect(await get(http.port, '/livez')).toEqual({ status: 200, text: '{"status":"ok","failing":{},"passing":[]}\n' });
  expect(await get(http.port, '/readyz?verbose')).toEqual({
    status: 200,
    text: '{"status":"ok","failing":{},"passing":["database","kafka"]}\n',
  });
  expect(await get(http.port, '/livez', { method: 'HEAD' })).toEqual({ status: 200, text: '' });
});

test('a failing check is answered with 503 and its name, without secrets, until it succeeds again', async () => {
  let database: true | string = 'connection refused by postgres://u:s3cret@db/x';
  await using http = await start({ ready: async () => ({ kafka: true, database }), live: () => ({ loop: 'blocked' }) });
  const { status, text } = await get(http.port, '/readyz');
  expect(status).toBe(503);
  expect(JSON.parse(text)).toEqual({
    status: 'failing',
    failing: { database: 'connection refused by postgres://[redacted]@db/x' },
    passing: ['kafka'],
  });
  expect((await get(http.port, '/livez')).status).toBe(503);
  database = true;
  expect((await get(http.port, '/readyz')).status).toBe(200);
});

test('a check that throws is answered with 503 and its message', async () => {
  await using http = await start({
    live: () => {
      throw new Error('no heartbeat');
    },
    ready: async () => Promise.reject(new Error('pool closed')),
  });
  expect(JSON.parse((await get(http.port, '/livez')).text)).toMatchObject({
    failing: { probe: 'failed: no heartbeat' },
  });
  expect(await get(http.port, '/readyz')).toMatchObject({ status: 503 });
});

test('a check that hangs is answered with 503 in time', async () => {
  await using http = await start({ ready: () => new Promise(() => undefined) });
  const startedMs = performance.now();
  const { status, text } = await get(http.port, '/readyz');
  expect(status).toBe(503);
  expect(text).toContain('no answer within 2000 ms');
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test('metrics have the service, our own counters, the memory and the delay of the event loop', async () => {
  const counter = new Counter({ name: 'runlane_test_total', help: 'For this test.', registers: [metrics] });
  counter.inc(3);
  await using http = await start();
  const { status, text } = await get(http.port, '/metrics');
  expect(status).toBe(200);
  expect(text).toContain('runlane_test_total{service="test-service"} 3');
  expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds\{service="test-service"\} /);
  expect(text).toMatch(/process_resident_memory_bytes\{service="test-service"\} /);
});

test('further routes answer with JSON; a route that fails is answered with 500 and logged', async () => {
  await using http = await start({
    routes: {
      '/.well-known/webhook-keys': () => ({ keys: ['whpk_x'] }),
      '/broken': () => {
        throw new Error('no key');
      },
    },
  });
  expect(await get(http.port, '/.well-known/webhook-keys')).toEqual({ status: 200, text: '{"keys":["whpk_x"]}\n' });
  expect((await get(http.port, '/broken')).status).toBe(500);
  expect(lines.some((line) => line.includes('http.request_failed') && line.includes('no key'))).toBe(true);
});

test.each([
  ['GET', '/'],
  ['GET', '/livez/'],
  ['GET', '/constructor'],
  ['GET', '/__proto__'],
  ['POST', '/livez'],
  ['DELETE', '/metrics'],
])('%s %s is 404', async (method, path) => {
  await using http = await start();
  expect((await get(http.port, path, { method })).status).toBe(404);
});

test('a port in use is an error that says what to change', async () => {
  await using http = await start();
  await expect(start({ port: http.port })).rejects.toMatchObject({
    code: 'http_port_unavailable',
    message: expect.stringMatching(new RegExp(`Cannot listen on HTTP port ${http.port}.*Set HTTP_PORT to a free port`)),
  });
});

test('closing does not wait for idle or half-sent requests, frees the port, and may be repeated', async () => {
  const http = await start();
  const socket = connect(http.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const isClosed = new Promise((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n', resolve));
  await get(http.port, '/livez');
  await http.close();
  await http.close();
  await isClosed;
  await using again = await start({ port: http.port });
  expect(again.port).toBe(http.port);
});
