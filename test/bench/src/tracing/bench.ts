/**
 * The cost of traces, in the figures of B1 and B2: three services with different traces take turns. Each sends its spans
 * to a collector that only counts them.
 */
import type { Bench, BenchContext, Findings, Measure } from '../bench.ts';
import { completeRuns } from '../complete-runs.ts';
import { Deployment } from '../deployment.ts';
import { cpuMsOf } from '../machine.ts';
import { publishPaced } from '../publish-paced.ts';
import { runRequests } from '../requests.ts';
import { against, median, medianOf } from '../statistics.ts';
import { TerminalEvents } from '../terminal-events.ts';
import { CountingCollector } from './counting-collector.ts';

const ROUNDS = 3;
const WARM_UP = { count: 200, threadCount: 40 };
const LOAD = { count: 300, threadCount: 60 };
const PACED = { count: 50, threadCount: 50 };
const EVERY_MS = 100;
const ROUND_LIMIT_MS = 60_000;
const CONCURRENCY = 16;

/** What is traced, by how it is named in the table, and the variables that say so beside the collector's. */
const TRACED: ReadonlyMap<string, Record<string, string> | null> = new Map([
  ['off', null],
  ['every trace', {}],
  ['one in ten', { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }],
]);

type Round = { perSecond: number; cpuMsPerRun: number; latencyMs: number };

export const tracing: Bench = {
  what: 'what traces cost: speed, CPU per run and latency with every trace kept, and one in ten, against none',
  takes: ['durability'],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { resources, noise, say } = context;
  const collector = resources.use(await CountingCollector.start());
  const sides: { name: string; measure: (load: typeof LOAD) => Promise<Round>; rounds: Round[] }[] = [];
  for (const [name, variables] of TRACED) {
    const environment = variables === null ? {} : { ...variables, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    sides.push({ name, measure: await startSide(context, environment), rounds: [] });
  }
  say('warming all of them up');
  for (const { measure } of sides) await measure(WARM_UP);
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    // The first one of a round is the last one of the next.
    for (const side of round % 2 === 0 ? sides.toReversed() : sides) side.rounds.push(await side.measure(LOAD));
    noise.sample();
  }
  const [off, ...traced] = sides;
  if (off === undefined) throw new Error('Nothing is measured without traces.');
  return {
    measures: traced.flatMap(({ name, rounds }) => compare(name, rounds, off.rounds)),
    notes: [
      `${ROUNDS} rounds of ${LOAD.count} runs on ${LOAD.threadCount} new threads, ${CONCURRENCY} at a time, then ${PACED.count} of ` +
        `one every ${EVERY_MS} ms; the collector took ${collector.requestCount} requests of ${collector.bytes} bytes together`,
    ],
    details: [],
  };
}

/** Starts a service with topics and a database of its own. */
async function startSide(
  { servers, resources, options }: BenchContext,
  environment: Record<string, string>,
): Promise<(load: typeof LOAD) => Promise<Round>> {
  const { durability } = options;
  const deployment = await Deployment.create(servers, resources);
  const events = resources.use(await TerminalEvents.start(servers.brokers, deployment.topics.status));
  const producer = await deployment.producer();
  const service = await deployment.runConsumer({
    RUNLANE_MAX_CONCURRENT_RUNS: String(CONCURRENCY),
    ...environment,
  });
  const cpuMs = () => cpuMsOf(service.pid) ?? Number.NaN;
  return async (load) => {
    const requests = runRequests(deployment.topics.requests, { ...load, durability });
    const cpuBeforeMs = cpuMs();
    const seconds = await completeRuns(requests, { producer, events }, ROUND_LIMIT_MS);
    const cpuMsPerRun = (cpuMs() - cpuBeforeMs) / load.count;
    const paced = runRequests(deployment.topics.requests, { ...PACED, durability });
    const published = await publishPaced(paced, producer, EVERY_MS);
    const ends = await events.succeeded(
      paced.map(({ runId }) => runId),
      ROUND_LIMIT_MS,
    );
    return {
      perSecond: load.count / seconds,
      cpuMsPerRun,
      latencyMs: median(ends.map(({ atMs }, index) => atMs - (published[index]?.atMs ?? Number.NaN))),
    };
  };
}

function compare(name: string, traced: readonly Round[], off: readonly Round[]): Measure[] {
  const one = (what: string, unit: string, of: (round: Round) => number) =>
    against(`${what}, ${name}`, unit, medianOf(traced.map(of)), { name: 'no traces', ...medianOf(off.map(of)) });
  return [
    one('complete runs', '/s', ({ perSecond }) => perSecond),
    one('CPU of the process per run', 'ms', ({ cpuMsPerRun }) => cpuMsPerRun),
    one('publish to terminal event, p50', 'ms', ({ latencyMs }) => latencyMs),
  ];
}
