/**
 * What the ports of the service answer. Real: the servers, the signer, the delivery loop. Doubled: its ledger, and its
 * clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Scope, Wakeup } from '@runlane/service-kit';
import { eventually, silentLogger } from '@runlane/testkit';
import { createSigner } from '@runlane/webhooks';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { WebhookDelivery } from '../app/deliver-webhooks.ts';
import type { DeliveryLedger } from '../app/ports.ts';
import { SettleQueue } from '../app/settle-attempts.ts';
import { startServing } from './serving.ts';

const signer = createSigner(['a-master-key-of-a-test-0123456789abcdef']);

async function serving(scope: Scope, stalledForMs: () => number) {
  const probes = { live: () => ({}), ready: () => ({}) };
  const about = { httpPort: null, keysPort: 0, probes, metrics: new Registry(), signer, logger: silentLogger };
  const { http, keys } = await startServing(scope, { ...about, stalledForMs });
  const get = async (port: number | undefined, path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return {
    onHttp: (path: string) => get(http.port, path),
    onKeys: (path: string) => get(keys?.port, path),
  };
}

test('the port of the keys has the keys, and neither metrics nor probes', async () => {
  await using scope = new Scope();
  const { onHttp, onKeys } = await serving(scope, () => 0);

  for (const get of [onHttp, onKeys]) {
    const { status, body } = await get('/.well-known/jwks.json');
    expect([status, JSON.parse(body)]).toEqual([200, { keys: signer.jwks }]);
    expect(JSON.parse((await get('/.well-known/webhook-keys')).body)).toEqual({ keys: signer.publicKeys });
  }
  for (const path of ['/metrics', '/livez', '/readyz']) {
    expect((await onHttp(path)).status).toBe(200);
    expect((await onKeys(path)).status).toBe(404);
  }
});

test('a delivery loop that is stuck for a minute is not alive, and is alive again after its next round', async () => {
  let nowMs = 0;
  let lease: DeliveryLedger['lease'] = async () => Promise.reject(new Error('a row that nobody can read'));
  const unused = () => Promise.reject(new Error('Nothing is leased.'));
  const ledger: DeliveryLedger = {
    lease: (...about) => lease(...about),
    renew: unused,
    due: unused,
    body: unused,
    settle: unused,
    endDisabled: unused,
    release: unused,
  };
  const delivery = new WebhookDelivery({
    ledger,
    settle: new SettleQueue({ ledger, delay: (ms) => sleep(ms), random: Math.random, logger: silentLogger }),
    sender: { send: unused, close: async () => undefined },
    headers: () => ({}),
    owner: 'a process',
    due: new Wakeup(),
    now: () => new Date(),
    monotonicMs: () => nowMs,
    random: Math.random,
    delay: async () => sleep(1),
    onAttempt: () => undefined,
    onDisabled: () => undefined,
    logger: silentLogger,
    settings: {
      maxInFlight: 4,
      siteSlots: 4,
      addressSlots: 4,
      leaseMs: 30_000,
      retrySchedule: [],
      pollMs: 1,
      maxBodyBytes: 1,
      fixedRates: new Map(),
    },
  });
  await using scope = new Scope();
  const { onHttp } = await serving(scope, () => delivery.stalledForMs);
  const stop = new AbortController();
  const delivering = delivery.deliverUntil(stop.signal);

  nowMs = 59_000;
  expect((await onHttp('/livez')).status).toBe(200);
  nowMs = 61_000;
  expect(await onHttp('/livez')).toMatchObject({ status: 503, body: expect.stringContaining('has failed for 61 s') });

  lease = async () => ({ endpoints: [], nowMs: null });
  await eventually(async () => (await onHttp('/livez')).status === 200, { what: 'it is alive again' });
  stop.abort();
  await delivering;
});
