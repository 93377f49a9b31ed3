/**
 * The settings of a dispatcher that receivers notice: master keys, headers of the project, authorities.
 *
 * Real     Kafka, Postgres, dispatchers as processes, receivers on the loopback, one of them over TLS.
 * Decides  What receivers got, verified by the `standardwebhooks` library; the attempts in the ledger; the log.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@runlane/testkit';
import { publicKeyOf, verifyWebhook } from '@runlane/webhooks';
import { afterAll, expect, inject, test } from 'vitest';
import { WebhookReceiver } from './webhook-receiver.ts';
import type { ReceivedRequest } from './webhook-receiver.ts';
import { MASTER_KEY, WebhookWorld, statusEvent } from './webhook-world.ts';

const servers = () => ({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') });

const directory = mkdtempSync(join(tmpdir(), 'runlane-webhooks-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('during a rotation every webhook verifies under the old keys and the new ones, afterwards under the new ones', async () => {
  const NEW_KEY = 'another-master-key-of-the-end-to-end-tests-987';
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  /** Which keys verify what is sent under the setting: old and new secret, old and new public key. */
  const verifiedUnder = async (masterKeys: string, sentBefore: number) => {
    const dispatcher = await world.started({ RUNLANE_WEBHOOK_MASTER_KEY: masterKeys });
    await world.publish(statusEvent({ webhook: receiver.url('/') }));
    await world.ended(sentBefore + 1);
    const request = receiver.requests[sentBefore];
    if (request === undefined) throw new Error('Nothing arrived.');
    const published: unknown = await (await fetch(`${await dispatcher.httpUrl()}/.well-known/webhook-keys`)).json();
    await dispatcher.stopCleanly();
    return {
      secrets: [MASTER_KEY, NEW_KEY].map((key) => accepts(() => receiver.verify(request, key))),
      publicKeys: [MASTER_KEY, NEW_KEY].map((key) => isSignedBy(request, publicKeyOf(key), receiver.url('/'))),
      published,
    };
  };

  expect(await verifiedUnder(MASTER_KEY, 0)).toEqual({
    secrets: [true, false],
    publicKeys: [true, false],
    published: { keys: [publicKeyOf(MASTER_KEY)] },
  });
  expect(await verifiedUnder(`${NEW_KEY},${MASTER_KEY}`, 1)).toEqual({
    secrets: [true, true],
    publicKeys: [true, true],
    published: { keys: [publicKeyOf(NEW_KEY), publicKeyOf(MASTER_KEY)] },
  });
  expect(await verifiedUnder(NEW_KEY, 2)).toEqual({
    secrets: [false, true],
    publicKeys: [false, true],
    published: { keys: [publicKeyOf(NEW_KEY)] },
  });
});

test('headers of langgraph.json are sent with every webhook, filled in, and change neither our own nor the thin body of a large event', async () => {
  await using receiver = await WebhookReceiver.start();
  await using world = await WebhookWorld.create(servers());
  const config = join(directory, 'langgraph.json');
  const headers = { Authorization: 'Bearer ${{ env.LG_WEBHOOK_TOKEN }}', 'X-Team': 'blue' };
  const url = { allowed_domains: ['127.0.0.1'] };
  writeFileSync(config, JSON.stringify({ graphs: {}, webhooks: { headers, url } }));

  const refused = world.dispatcher({ LANGGRAPH_CONFIG: config });
  expect(await refused.exited).toBe(1);
  expect(JSON.stringify(refused.logs)).toContain('LG_WEBHOOK_TOKEN');

  const dispatcher = await world.started({ LANGGRAPH_CONFIG: config, LG_WEBHOOK_TOKEN: 'seeded-token' });
  const large = { answer: 'x'.repeat(300_000) };
  await world.publish(
    statusEvent({ webhook: receiver.url('/') }),
    statusEvent({ webhook: receiver.url('/large'), values: large, metadata: { kept: 'y'.repeat(20_000) } }),
  );
  await world.ended(2);

  expect(receiver.requests).toHaveLength(2);
  for (const request of receiver.requests) {
    expect(request.headers).toMatchObject({
      authorization: 'Bearer seeded-token',
      'x-team': 'blue',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^runlane-webhooks\//),
    });
    receiver.verify(request, MASTER_KEY);
  }
  expect(receiver.requests.find(({ path }) => path === '/large')?.event).toMatchObject({
    values: null,
    values_omitted: true,
    metadata: { kept: expect.stringMatching(/^y{20000}$/) },
  });
  await dispatcher.stopCleanly();
  expect(JSON.stringify(dispatcher.logs) + dispatcher.stderr).not.toContain('seeded-token');
});

test('a receiver with a certificate of its own authority is delivered to once NODE_EXTRA_CA_CERTS names it', async () => {
  const certificate = ownCertificate('127.0.0.1');
  await using receiver = await WebhookReceiver.start(undefined, '127.0.0.1', certificate);
  await using world = await WebhookWorld.create(servers());
  const settings = {
    RUNLANE_WEBHOOK_ALLOW: 'https://127.0.0.1:*',
    RUNLANE_WEBHOOK_RETRY_SCHEDULE: Array.from({ length: 20 }, () => 1).join(','),
  };
  const without = await world.started(settings);
  await world.publish(statusEvent({ webhook: receiver.url('/') }));
  const attempts = async () =>
    (
      await world.world.pool.query<{ outcome: string; message: string | null }>(
        'select outcome, message from webhooks.attempts order by n',
      )
    ).rows;
  const [first] = await eventually(async () => ((await attempts()).length > 0 ? attempts() : null), {
    what: 'an attempt is recorded',
    seen: () => world.complaints(),
  });
  expect(first).toMatchObject({ outcome: 'tls', message: expect.stringContaining('self-signed') });
  await without.stopCleanly();
  expect(receiver.requests).toEqual([]);

  const ca = join(directory, 'ca.pem');
  writeFileSync(ca, certificate.cert);
  const dispatcher = await world.started({ ...settings, NODE_EXTRA_CA_CERTS: ca });
  expect(await world.ended(1)).toMatchObject([{ state: 'delivered' }]);
  expect(receiver.requests).toHaveLength(1);
  await dispatcher.stopCleanly();
});

/** A certificate that has signed itself, for an address. */
function ownCertificate(address: string): { key: string; cert: string } {
  const [key, cert] = [join(directory, 'own.key'), join(directory, 'own.crt')];
  const wish = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=own',
  ];
  execFileSync(
    'openssl',
    ['req', '-x509', ...wish, '-addext', `subjectAltName=IP:${address}`, '-keyout', key, '-out', cert],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

function accepts(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function isSignedBy({ headers, body }: ReceivedRequest, publicKey: string, url: string): boolean {
  const now = Math.floor(Date.now() / 1_000);
  return verifyWebhook({ url, headers, body: Buffer.from(body), publicKeys: [publicKey], now }).kind === 'ok';
}
