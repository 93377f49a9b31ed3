/**
 * B5: webhooks per second, from the status topic to receivers, ÷ a loop of undici requests to the same receivers; and the
 * p99 of healthy origins while another one hangs with 10,000 due ÷ without it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import type { EventProducer } from '@runlane/kafka';
import type { Bench, BenchContext, Findings } from '../bench.ts';
import { Deployment } from '../deployment.ts';
import { cpuMsOf } from '../machine.ts';
import { against, medianOf, percentile } from '../statistics.ts';
import { Profiler } from '../throughput/profiler.ts';
import { AskedChild } from './asked-child.ts';
import { eventRecord, terminalEvent } from './events.ts';
import type { LoopAnswer, LoopJob } from './raw-loop-child.ts';
import type { ReceiverAnswer, ReceiverQuestion } from './receiver-child.ts';

const ROUNDS = 5;
const COUNT = 6_000;
const WARM_UP = 2_000;
/** Each address of the loopback is a site of its own, with 4 requests at once. */
const ORIGIN_COUNT = 16;
const PER_ORIGIN = 4;
const HOSTS = Array.from({ length: ORIGIN_COUNT + 1 }, (_, index) => `127.0.0.${index + 1}`);

const LATENCY_ROUNDS = 3;
const LATENCY_COUNT = 200;
const EVERY_MS = 25;
const DEAD_COUNT = 10_000;

const PUBLISH_AT_ONCE = 1_000;
const LIMIT_MS = 60_000;
const MASTER_KEY = 'a-master-key-of-the-bench-0123456789abcdef';

export const webhooks: Bench = {
  what: 'webhooks per second against a loop of undici requests; a hanging origin beside healthy ones (B5)',
  takes: ['profile'],
  run,
};

type Receiver = AskedChild<ReceiverQuestion, ReceiverAnswer>;
/** `cpuMs`: CPU time of the sending process per 1,000 requests, all threads together. */
type Round = { perSecond: number; cpuMs: number };
type Side = {
  dispatcher: ServiceProcess;
  producer: EventProducer;
  topic: string;
  receiver: Receiver;
  origins: string[];
};

async function run({ servers, resources, options, noise, say }: BenchContext): Promise<Findings> {
  const receiver: Receiver = resources.use(new AskedChild(new URL('./receiver-child.ts', import.meta.url)));
  const listening = await receiver.ask({ hosts: HOSTS });
  if (listening.kind !== 'listening') throw new Error('The receiver answered another question.');
  const [hanging = '', ...origins] = HOSTS.map((host, index) => `http://${host}:${listening.ports[index]}`);
  const loop = resources.use(new AskedChild<LoopJob, LoopAnswer>(new URL('./raw-loop-child.ts', import.meta.url)));
  const deployment = await Deployment.create(servers, resources);
  const profiler = options.profile ? new Profiler() : null;
  const dispatcher = await deployment.webhookDispatcher(
    {
      RUNLANE_WEBHOOK_ALLOW: HOSTS.map((host) => `http://${host}:*`).join(','),
      RUNLANE_WEBHOOK_MASTER_KEY: MASTER_KEY,
    },
    profiler?.nodeOptions,
  );
  const producer = await deployment.producer();
  const side: Side = { dispatcher, producer, topic: deployment.topics.status, receiver, origins };
  const body = JSON.stringify(terminalEvent(`${origins[0]}/answer/0`));

  say('warming both sides up');
  await ourRound(side, WARM_UP);
  await rawRound(loop, { origins, count: WARM_UP, perOrigin: PER_ORIGIN, body });
  const ours: Round[] = [];
  const raw: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`throughput, round ${round} of ${ROUNDS}`);
    profiler?.begin();
    ours.push(await ourRound(side, COUNT));
    profiler?.end();
    noise.sample();
    raw.push(await rawRound(loop, { origins, count: COUNT, perOrigin: PER_ORIGIN, body }));
  }

  const alone: number[] = [];
  for (let round = 1; round <= LATENCY_ROUNDS; round += 1) {
    say(`latency, round ${round} of ${LATENCY_ROUNDS}`);
    alone.push(await p99(side));
  }
  say(`an origin hangs, with ${DEAD_COUNT} due`);
  await publish(
    side,
    Array.from({ length: DEAD_COUNT }, () => `${hanging}/hang`),
  );
  await eventually(async () => (await due(side)) >= DEAD_COUNT, {
    what: 'they are due',
    deadlineMs: LIMIT_MS,
    everyMs: 250,
  });
  const beside: number[] = [];
  for (let round = 1; round <= LATENCY_ROUNDS; round += 1) {
    say(`latency beside it, round ${round} of ${LATENCY_ROUNDS}`);
    noise.sample();
    beside.push(await p99(side));
  }
  const dueAtEnd = await due(side);
  return {
    measures: [
      against(
        'webhooks delivered',
        '/s',
        medianOf(ours.map(({ perSecond }) => perSecond)),
        { name: 'undici loop', ...medianOf(raw.map(({ perSecond }) => perSecond)) },
        { of: 'ratio', is: 'at least', bound: 0.6 },
      ),
      against('CPU of the process per 1,000', 'ms', medianOf(ours.map(({ cpuMs }) => cpuMs)), {
        name: 'undici loop',
        ...medianOf(raw.map(({ cpuMs }) => cpuMs)),
      }),
      against(
        'p99 beside a hanging origin',
        'ms',
        medianOf(beside),
        { name: 'without it', ...medianOf(alone) },
        { of: 'ratio', is: 'at most', bound: 1.2 },
      ),
    ],
    notes: [
      `${ROUNDS} rounds of ${COUNT} events to ${ORIGIN_COUNT} origins, ${PER_ORIGIN} requests at once to each, on both sides; ours are ` +
        'read from Kafka, stored, signed twice, sent, and recorded; published before they are read',
      `latency from publishing to the receiver, ${1_000 / EVERY_MS} webhooks/s; ${dueAtEnd} were due to the hanging origin at the end`,
    ],
    details: profiler === null ? [] : await profileOf(dispatcher, profiler),
  };
}

async function profileOf(dispatcher: ServiceProcess, profiler: Profiler): Promise<string[]> {
  await dispatcher.stopCleanly();
  return profiler.summary();
}

/** Publishes while the dispatcher is frozen, thaws it, and times from the thaw to the last webhook. */
async function ourRound(side: Side, count: number): Promise<Round> {
  side.receiver.tell('reset');
  const cpuBeforeMs = cpuMsOf(side.dispatcher.pid) ?? 0;
  let startedMs: number;
  side.dispatcher.signal('SIGSTOP');
  try {
    await publish(side, answered(side.origins, count));
    startedMs = now();
  } finally {
    side.dispatcher.signal('SIGCONT');
  }
  const { lastMs } = await received(side.receiver, count);
  const cpuMs = (cpuMsOf(side.dispatcher.pid) ?? 0) - cpuBeforeMs;
  return { perSecond: count / ((lastMs - startedMs) / 1_000), cpuMs: cpuMs / (count / 1_000) };
}

async function rawRound(loop: AskedChild<LoopJob, LoopAnswer>, job: LoopJob): Promise<Round> {
  const cpuBeforeMs = cpuMsOf(loop.pid) ?? 0;
  const answer = await loop.ask(job);
  if (answer.kind === 'failed') throw new Error(`The loop of undici requests failed: ${answer.why}`);
  const cpuMs = (cpuMsOf(loop.pid) ?? 0) - cpuBeforeMs;
  return { perSecond: job.count / answer.seconds, cpuMs: cpuMs / (job.count / 1_000) };
}

/** Publishes one webhook after the other, and takes the time of each until the receiver has it. */
async function p99(side: Side): Promise<number> {
  side.receiver.tell('reset');
  const published: number[] = [];
  for (const webhook of answered(side.origins, LATENCY_COUNT)) {
    published.push(now());
    await Promise.all([publish(side, [webhook]), sleep(EVERY_MS)]);
  }
  const { times } = await received(side.receiver, LATENCY_COUNT);
  return percentile(
    times.map(([number, atMs]) => atMs - (published[number] ?? Number.NaN)),
    0.99,
  );
}

/** URLs that are answered, numbered, round-robin over the origins. */
function answered(origins: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${origins[number % origins.length]}/answer/${number}`);
}

async function publish({ producer, topic }: Side, webhookUrls: readonly string[]): Promise<void> {
  for (let start = 0; start < webhookUrls.length; start += PUBLISH_AT_ONCE) {
    await producer.publish(
      webhookUrls.slice(start, start + PUBLISH_AT_ONCE).map((url) => eventRecord(topic, terminalEvent(url))),
    );
  }
}

async function received(receiver: Receiver, count: number): Promise<Extract<ReceiverAnswer, { kind: 'report' }>> {
  let seen = 0;
  return eventually(
    async () => {
      const report = await receiver.ask('report');
      if (report.kind !== 'report') throw new Error('The receiver answered another question.');
      seen = report.count;
      return report.count >= count ? report : null;
    },
    { what: `${count} webhooks have arrived`, deadlineMs: LIMIT_MS, everyMs: 50, seen: () => seen },
  );
}

/** What the dispatcher's own gauge says is due, parked included. */
async function due({ dispatcher }: Side): Promise<number> {
  const text = await (await fetch(`${await dispatcher.httpUrl()}/metrics`)).text();
  const values = [...text.matchAll(/^runlane_webhook_deliveries\{state="(?:due|parked)"[^}]*\} (\d+)/gm)];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
