/**
 * B2: publish → terminal event as a consumer sees it, minus the median of the same bare invoke, at 10 runs/s through an
 * otherwise idle service. Both sides take turns, each run on a new thread.
 */
import { BareInvoke } from '../bare-invoke/peer.ts';
import type { Bench, BenchContext, Findings, Series } from '../bench.ts';
import { connectTo } from '../database.ts';
import { Deployment } from '../deployment.ts';
import { publishPaced } from '../publish-paced.ts';
import { runRequests } from '../requests.ts';
import { alone, against, median, percentile } from '../statistics.ts';
import { TerminalEvents } from '../terminal-events.ts';
import { stagesOf } from './stages.ts';
import type { Published } from './stages.ts';

const ROUNDS = 3;
const EVERY_MS = 100;
const WARM_UP_COUNT = 40;
const COUNT = 90;
const AFTER_LAST_MS = 20_000;

export const latency: Bench = {
  what: 'publish to terminal event at 10 runs/s, minus a bare graph.invoke (B2)',
  takes: ['durability'],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { servers, resources, options, noise, say } = context;
  const { durability } = options;
  const deployment = await Deployment.create(servers, resources);
  const events = resources.use(await TerminalEvents.start(servers.brokers, deployment.topics.status));
  const producer = await deployment.producer();
  const bare = await BareInvoke.start(servers, resources);
  await deployment.runConsumer({});
  const database = await connectTo(deployment.databaseUrl, resources);

  const ours = async (count: number): Promise<{ published: Published[]; latenciesMs: number[] }> => {
    const requests = runRequests(deployment.topics.requests, { count, threadCount: count, durability });
    const published = await publishPaced(requests, producer, EVERY_MS);
    const endings = await events.succeeded(
      requests.map(({ runId }) => runId),
      AFTER_LAST_MS,
    );
    const latenciesMs = endings.map(({ atMs }, index) => atMs - (published[index]?.atMs ?? Number.NaN));
    return { published, latenciesMs };
  };
  const theirs = (count: number) => bare.paced({ durability, count, everyMs: EVERY_MS });

  say('warming both sides up');
  await ours(WARM_UP_COUNT);
  await theirs(WARM_UP_COUNT);
  const published: Published[] = [];
  const ourRounds: number[][] = [];
  const bareRounds: number[][] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    const measured = await ours(COUNT);
    published.push(...measured.published);
    ourRounds.push(measured.latenciesMs);
    noise.sample();
    bareRounds.push((await theirs(COUNT)).latenciesMs);
  }
  const stages = await stagesOf(database, published, ourRounds.flat());
  return {
    measures: [
      ...findings(ourRounds, bareRounds),
      ...stages.map(({ name, ms }) => alone(name, 'ms', { value: median(ms), rounds: ms })),
    ],
    notes: [
      `${ROUNDS} rounds of ${COUNT} runs, one every ${EVERY_MS} ms, durability ${durability}; p50 and p99 are over all ` +
        'rounds, their spread is between rounds; of the stages it is between runs',
      'stages compare the clocks of this machine and of the database',
    ],
    details: [],
  };
}

function findings(ours: number[][], bare: number[][]): Findings['measures'] {
  const overall = (rounds: number[][], share: number): Series => ({
    value: percentile(rounds.flat(), share),
    rounds: rounds.map((round) => percentile(round, share)),
  });
  const bareMedian = overall(bare, 0.5).value;
  const difference = (share: number): Series => {
    const { value, rounds } = overall(ours, share);
    return { value: value - bareMedian, rounds: rounds.map((round) => round - bareMedian) };
  };
  const aim = (bound: number) => ({ of: 'value', is: 'at most', bound }) as const;
  const raw = (name: string, share: number) =>
    against(name, 'ms', overall(ours, share), { name: 'graph.invoke', ...overall(bare, share) });
  return [
    alone('p50 added to the bare median', 'ms', difference(0.5), aim(20)),
    alone('p99 added to the bare median', 'ms', difference(0.99), aim(100)),
    raw('p50, whole', 0.5),
    raw('p99, whole', 0.99),
  ];
}
