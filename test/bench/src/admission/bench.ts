/**
 * B3: records admitted per second ÷ the same with kafkajs' eachBatch and one bulk insert of the same rows per batch. Both sides are
 * processes on the same servers, with tables that the same migrations made, in databases of their own.
 */
import { migrate } from '@runlane/postgres';
import { createLogger } from '@runlane/service-kit';
import { ServiceProcess } from '@runlane/testkit';
import type { Bench, BenchContext, Findings } from '../bench.ts';
import { connectTo } from '../database.ts';
import { Deployment } from '../deployment.ts';
import { against, medianOf } from '../statistics.ts';
import { admitOneRound, untilJoined } from './contestant.ts';
import type { AdmissionRound, Contestant } from './contestant.ts';
import { checkSameRows } from './same-rows.ts';

const PEER = new URL('./peer.ts', import.meta.url);
const MIGRATIONS = new URL('../../../../services/run-consumer/migrations/', import.meta.url);

const ROUNDS = 5;
const LOAD = { count: 20_000, threadCount: 2_000 };
const WARM_UP = { count: 20_000, threadCount: 2_000 };

export const admission: Bench = {
  what: 'records admitted per second against raw kafkajs eachBatch and a bulk insert of the same rows (B3)',
  takes: [],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const deployment = await Deployment.create(context.servers, context.resources);
  const ours = await startOurs(deployment, context);
  const peer = await startPeer(context);
  context.say('warming both sides up');
  await admitOneRound(ours, WARM_UP);
  await admitOneRound(peer, WARM_UP);

  const ourRounds: AdmissionRound[] = [];
  const peerRounds: AdmissionRound[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    context.say(`round ${round} of ${ROUNDS}`);
    ourRounds.push(await admitOneRound(ours, LOAD));
    context.noise.sample();
    peerRounds.push(await admitOneRound(peer, LOAD));
  }
  await checkSameRows(ours.database, peer.database);
  return findings(ourRounds, peerRounds);
}

function findings(ours: AdmissionRound[], peer: AdmissionRound[]): Findings {
  const perSecond = (rounds: AdmissionRound[]) => medianOf(rounds.map((round) => round.perSecond));
  const cpu = (rounds: AdmissionRound[]) =>
    medianOf(rounds.flatMap(({ cpuMs }) => (cpuMs === null ? [] : [cpuMs / (LOAD.count / 1_000)])));
  const isCpuKnown = [...ours, ...peer].every((round) => round.cpuMs !== null);
  const rejoined = [...ours, ...peer].filter((round) => round.hasRejoined).length;
  return {
    measures: [
      against(
        'records admitted',
        '/s',
        perSecond(ours),
        { name: 'kafkajs + insert', ...perSecond(peer) },
        { of: 'ratio', is: 'at least', bound: 0.6 },
      ),
      ...(isCpuKnown
        ? [against('CPU of the process per 1,000', 'ms', cpu(ours), { name: 'kafkajs + insert', ...cpu(peer) })]
        : []),
    ],
    notes: [
      `${ROUNDS} rounds of ${LOAD.count} records on ${LOAD.threadCount} new threads each, published before they are read`,
      'both sides wrote the same rows',
      ...(rejoined === 0 ? [] : [`${rejoined} rounds contain a rebalance: publishing took longer than a session`]),
    ],
    details: [],
  };
}

async function startOurs(deployment: Deployment, { resources }: BenchContext): Promise<Contestant> {
  const process = await deployment.runConsumer({ RUNLANE_ROLES: 'admission' });
  await untilJoined({ name: 'run-consumer', process });
  return {
    name: 'run-consumer',
    process,
    topic: deployment.topics.requests,
    database: await connectTo(deployment.databaseUrl, resources),
    producer: await deployment.producer(),
  };
}

async function startPeer({ servers, resources }: BenchContext): Promise<Contestant> {
  // A deployment of its own for its topics and database; no run-consumer works in it.
  const deployment = await Deployment.create(servers, resources);
  await migrate({
    databaseUrl: deployment.databaseUrl,
    directory: MIGRATIONS,
    schema: 'runlane',
    logger: createLogger({ service: 'bench', level: 'silent' }),
  });
  const process = resources.use(
    new ServiceProcess(PEER, {
      KAFKA_BROKERS: servers.brokers.join(','),
      DATABASE_URL: deployment.databaseUrl,
      TOPIC: deployment.topics.requests,
      GROUP: `${deployment.prefix}peer`,
    }),
  );
  await untilJoined({ name: 'the peer', process });
  return {
    name: 'the peer',
    process,
    topic: deployment.topics.requests,
    database: await connectTo(deployment.databaseUrl, resources),
    producer: await deployment.producer(),
  };
}
