/**
 * B1: complete runs per second, from publishing to the terminal event as a consumer sees it, ÷ a bare loop of
 * `graph.invoke` with the stock PostgresSaver. Same graph, same durability, 16 at a time; each side is one process.
 */
import type { ServiceProcess } from '@runlane/testkit';
import { BareInvoke } from '../bare-invoke/peer.ts';
import type { ClosedLoopJob } from '../bare-invoke/protocol.ts';
import type { Bench, BenchContext, Findings } from '../bench.ts';
import { completeRuns } from '../complete-runs.ts';
import { connectTo } from '../database.ts';
import { DatabaseBudget } from '../database-budget.ts';
import { Deployment } from '../deployment.ts';
import { cpuMsOf } from '../machine.ts';
import { runRequests } from '../requests.ts';
import { against, medianOf } from '../statistics.ts';
import { TerminalEvents } from '../terminal-events.ts';
import { CpuBudget } from './cpu-budget.ts';
import { Profiler } from './profiler.ts';

const ROUNDS = 5;
const CONCURRENCY = 16;
const WARM_UP = { count: 200, threadCount: 40 };
const LOAD = { count: 500, threadCount: 100 };
const ROUND_LIMIT_MS = 60_000;

type Round = { perSecond: number; cpuMsPerRun: number | null };

export const throughput: Bench = {
  what: 'complete runs per second, publish to terminal event, against a bare loop of graph.invoke (B1)',
  takes: ['durability', 'profile'],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { servers, resources, options, noise, say } = context;
  const deployment = await Deployment.create(servers, resources);
  const events = resources.use(await TerminalEvents.start(servers.brokers, deployment.topics.status));
  const producer = await deployment.producer();
  const bare = await BareInvoke.start(servers, resources);
  const profiler = options.profile ? new Profiler() : null;
  const service = await deployment.runConsumer(
    { RUNLANE_MAX_CONCURRENT_RUNS: String(CONCURRENCY) },
    profiler?.nodeOptions,
  );
  const budget = new CpuBudget(service.pid);
  const database = await DatabaseBudget.open(await connectTo(deployment.databaseUrl, resources));

  const ours = async (load: typeof LOAD): Promise<Round> => {
    const requests = runRequests(deployment.topics.requests, { ...load, durability: options.durability });
    await database?.begin();
    const cpuBeforeMs = cpuMsOf(service.pid);
    profiler?.begin();
    budget.begin();
    const seconds = await completeRuns(requests, { producer, events }, ROUND_LIMIT_MS);
    profiler?.end();
    budget.end(load.count);
    const cpuMs = cpuMsOf(service.pid);
    await database?.end(load.count);
    return {
      perSecond: load.count / seconds,
      cpuMsPerRun: cpuMs === null || cpuBeforeMs === null ? null : (cpuMs - cpuBeforeMs) / load.count,
    };
  };
  const theirs = async (saver: ClosedLoopJob['saver'], load: typeof LOAD): Promise<Round> => {
    const { durability } = options;
    const { elapsedMs, cpuMs } = await bare.closedLoop({ saver, durability, concurrency: CONCURRENCY, ...load });
    return { perSecond: load.count / (elapsedMs / 1_000), cpuMsPerRun: cpuMs / load.count };
  };

  say('warming both sides up');
  await ours(WARM_UP);
  await theirs('postgres', WARM_UP);
  await theirs('memory', WARM_UP);
  profiler?.forget();
  budget.forget();
  database?.forget();
  const rounds: { ours: Round[]; postgres: Round[]; memory: Round[] } = { ours: [], postgres: [], memory: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    rounds.ours.push(await ours(LOAD));
    noise.sample();
    rounds.postgres.push(await theirs('postgres', LOAD));
    rounds.memory.push(await theirs('memory', LOAD));
  }
  return {
    ...findings(rounds.ours, rounds.postgres, rounds.memory, options.durability),
    details: [
      ...budget.summary(),
      ...(database?.summary() ?? []),
      ...(profiler === null ? [] : await profileOf(service, profiler)),
    ],
  };
}

function findings(ours: Round[], postgres: Round[], memory: Round[], durability: string): Omit<Findings, 'details'> {
  const perSecond = (rounds: Round[]) => medianOf(rounds.map((round) => round.perSecond));
  const cpu = (rounds: Round[]) =>
    medianOf(rounds.flatMap(({ cpuMsPerRun }) => (cpuMsPerRun === null ? [] : [cpuMsPerRun])));
  const isCpuKnown = ours.every(({ cpuMsPerRun }) => cpuMsPerRun !== null);
  const aim = { of: 'ratio', is: 'at least', bound: 2 } as const;
  return {
    measures: [
      against('complete runs', '/s', perSecond(ours), { name: 'PostgresSaver', ...perSecond(postgres) }, aim),
      against('complete runs', '/s', perSecond(ours), { name: 'MemorySaver', ...perSecond(memory) }),
      ...(isCpuKnown
        ? [
            against('CPU of the process per run', 'ms', cpu(ours), { name: 'PostgresSaver', ...cpu(postgres) }),
            against('CPU of the process per run', 'ms', cpu(ours), { name: 'MemorySaver', ...cpu(memory) }),
          ]
        : []),
    ],
    notes: [
      `${ROUNDS} rounds of ${LOAD.count} runs on ${LOAD.threadCount} new threads, ${CONCURRENCY} at a time, ` +
        `durability ${durability}`,
    ],
  };
}

async function profileOf(service: ServiceProcess, profiler: Profiler): Promise<string[]> {
  const exitCode = await service.stop();
  if (exitCode !== 0) throw new Error(`run-consumer ended with ${exitCode}: ${service.stderr}`);
  return profiler.summary();
}
