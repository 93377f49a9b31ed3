/**
 * B5: webhooks per second, from the status topic to receivers, beside what a user would write and beside the limit; how fast
 * healthy webhooks are beside dead and slow ones; many origins with one event each; TLS.
 */
import { certificateMaker } from '@runlane/testkit';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchContext, Findings, Measure } from '../bench.ts';
import { Deployment } from '../deployment.ts';
import { against, alone, medianOf } from '../statistics.ts';
import { Profiler } from '../throughput/profiler.ts';
import { AskedChild } from './asked-child.ts';
import { beside } from './beside.ts';
import { startPeer } from './peers.ts';
import type { ReceiverAnswer, ReceiverQuestion } from './receiver-child.ts';
import { MASTER_KEY } from './send-signed.ts';
import { answered, answeredApart, round } from './side.ts';
import type { Receiver, Round, Side } from './side.ts';

const ROUNDS = 3;
const COUNT = 4_000;
const WARM_UP = 1_000;
const ORIGIN_COUNT = 16;
const SPARSE_COUNT = 6_000;
const SLOW_COUNT = 64;

export const webhooks: Bench = {
  what: 'webhooks per second against what a user would write and against the limit; healthy ones beside dead and slow ones (B5)',
  takes: ['profile'],
  run,
};

/** The addresses of each kind of origin; each address of the loopback is a site of its own. */
const addresses = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => addressOf(from + n));
const addressOf = (n: number): string => `127.0.${n >> 8}.${n & 255}`;
const BUSY = addresses(2, ORIGIN_COUNT);
const SLOW = addresses(32, SLOW_COUNT);
const SPARSE_FROM = 256;
const SPARSE = addresses(SPARSE_FROM, SPARSE_COUNT);

async function run(context: BenchContext): Promise<Findings> {
  const { servers, resources, options, noise, say } = context;
  const { authorityFile, tls } = certificate(resources);
  const receiver: Receiver = resources.use(
    new AskedChild<ReceiverQuestion, ReceiverAnswer>(new URL('./receiver-child.ts', import.meta.url)),
  );
  const listening = await receiver.ask({ hosts: BUSY, tls });
  if (listening.kind !== 'listening') throw new Error('The receiver answered another question.');
  const { ports, anyPort, tlsPort } = listening;
  const origins = BUSY.map((host, index) => `http://${host}:${ports[index]}`);
  const deployment = await Deployment.create(servers, resources);
  const profiler = options.profile ? new Profiler() : null;
  const dispatcher = await deployment.webhookDispatcher(
    {
      // Written as short as possible, because one variable holds all of them.
      RUNLANE_WEBHOOK_ALLOW: [
        ...[...BUSY, ...SLOW].map((host) => `http://${host}:*`),
        ...BUSY.map((host) => `https://${host}:*`),
        ...SPARSE.map((_, n) => `http://127.${SPARSE_FROM + n}:*`),
      ].join(','),
      RUNLANE_WEBHOOK_MASTER_KEY: MASTER_KEY,
      NODE_EXTRA_CA_CERTS: authorityFile,
    },
    profiler?.nodeOptions,
  );
  const producer = await deployment.producer();
  const ours: Side = { process: dispatcher, producer, topic: deployment.topics.status, receiver };
  const user = await startPeer('user-peer', { servers, resources, receiver, producer });
  const limit = await startPeer('limit-peer', { servers, resources, receiver, producer });

  say('warming all sides up');
  for (const side of [ours, user, limit]) await round(side, answered(origins, WARM_UP));
  const rounds = {
    ours: [] as Round[],
    user: [] as Round[],
    limit: [] as Round[],
    tls: [] as Round[],
    apart: [] as Round[],
  };
  const tlsOrigins = BUSY.map((host) => `https://${host}:${tlsPort}`);
  await round(ours, answered(tlsOrigins, WARM_UP));
  for (let n = 1; n <= ROUNDS; n += 1) {
    say(`throughput, round ${n} of ${ROUNDS}`);
    profiler?.begin();
    rounds.ours.push(await round(ours, answered(origins, COUNT)));
    profiler?.end();
    rounds.user.push(await round(user, answered(origins, COUNT)));
    noise.sample();
    rounds.limit.push(await round(limit, answered(origins, COUNT)));
    rounds.tls.push(await round(ours, answered(tlsOrigins, COUNT)));
    rounds.apart.push(await round(ours, answeredApart(origins, COUNT)));
  }
  say(`${SPARSE_COUNT} origins with one event each`);
  const sparse = await round(
    ours,
    answered(
      SPARSE.map((host) => `http://${host}:${anyPort}`),
      SPARSE_COUNT,
    ),
  );
  const isolation = await beside(
    ours,
    { origins, slowOrigins: SLOW.map((host) => `http://${host}:${anyPort}`) },
    context,
  );
  return {
    measures: [
      ...compared('what a user would write', rounds.ours, rounds.user, 3),
      ...compared('the limit', rounds.ours, rounds.limit, 0.5),
      alone(`${SPARSE_COUNT} origins, one each`, '/s', medianOf([sparse.perSecond])),
      against('with TLS', '/s', speeds(rounds.tls), { name: 'without', ...speeds(rounds.ours) }),
      against('each to a URL of its own', '/s', speeds(rounds.apart), { name: '16 URLs', ...speeds(rounds.ours) }),
      ...isolation,
    ],
    notes: [
      `${ROUNDS} rounds of ${COUNT} events to ${ORIGIN_COUNT} origins with one URL each, published before they are read. All sides read Kafka and sign ` +
        'twice. A user: eachBatch → pg-boss → undici → a row per attempt. The limit: eachBatch → undici → one insert per batch',
    ],
    details: profiler === null ? [] : await profileOf(dispatcher, profiler),
  };
}

async function profileOf(dispatcher: { stopCleanly(): Promise<void> }, profiler: Profiler): Promise<string[]> {
  await dispatcher.stopCleanly();
  return profiler.summary();
}

function compared(name: string, ours: readonly Round[], theirs: readonly Round[], bound: number): Measure[] {
  return [
    against('webhooks', '/s', speeds(ours), { name, ...speeds(theirs) }, { of: 'ratio', is: 'at least', bound }),
    against('CPU of the process per 1,000', 'ms', costs(ours), { name, ...costs(theirs) }),
  ];
}

const speeds = (rounds: readonly Round[]) => medianOf(rounds.map(({ perSecond }) => perSecond));
const costs = (rounds: readonly Round[]) => medianOf(rounds.map(({ cpuMs }) => cpuMs));

/** A certificate for the busy addresses, and the file of its authority. */
function certificate(resources: AsyncDisposableStack): { authorityFile: string; tls: { key: string; cert: string } } {
  const maker = resources.use(certificateMaker());
  const issuer = maker.issue({});
  const directory = mkdtempSync(join(tmpdir(), 'runlane-bench-ca-'));
  resources.defer(() => rmSync(directory, { recursive: true, force: true }));
  const authorityFile = join(directory, 'authority.pem');
  writeFileSync(authorityFile, issuer.cert);
  const { key, cert } = maker.issue({ issuer, names: BUSY.map((host) => `IP:${host}`).join(',') });
  return { authorityFile, tls: { key, cert } };
}
