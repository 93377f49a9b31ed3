/**
 * B8: what services take that have nothing to do, after some runs and webhooks have warmed them: CPU time and memory. They run
 * with the options of the image.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceProcess } from '@runlane/testkit';
import type { Bench, BenchContext, Findings, Measure } from '../bench.ts';
import { completeRuns } from '../complete-runs.ts';
import { Deployment } from '../deployment.ts';
import { cpuMsOf } from '../machine.ts';
import { runRequests } from '../requests.ts';
import { alone, medianOf } from '../statistics.ts';
import { TerminalEvents } from '../terminal-events.ts';

const ROUNDS = 3;
const ROUND_MS = 10_000;
/** After the last work: timers that end with it have ended. */
const REST_MS = 10_000;
const WARM_UP = { count: 200, threadCount: 40 };
const WARM_UP_LIMIT_MS = 60_000;
/** As in the ENTRYPOINT of infra/docker/Dockerfile. */
const NODE_OPTIONS = ['--max-semi-space-size=8'];

export const idle: Bench = {
  what: 'CPU time and memory of a run-consumer and a webhook-dispatcher that have nothing to do (B8)',
  takes: [],
  run,
};

async function run({ servers, resources, options, noise, say }: BenchContext): Promise<Findings> {
  const deployment = await Deployment.create(servers, resources);
  const events = resources.use(await TerminalEvents.start(servers.brokers, deployment.topics.status));
  const producer = await deployment.producer();
  const services = {
    'run-consumer': await deployment.runConsumer({}, NODE_OPTIONS),
    'webhook-dispatcher': await deployment.webhookDispatcher(
      { RUNLANE_WEBHOOK_MASTER_KEY: 'k'.repeat(32) },
      NODE_OPTIONS,
    ),
  };
  say('warming up');
  const requests = runRequests(deployment.topics.requests, { ...WARM_UP, durability: options.durability });
  await completeRuns(requests, { producer, events }, WARM_UP_LIMIT_MS);
  await sleep(REST_MS);

  const shares = new Map<string, number[]>();
  const sizes = new Map<string, number[]>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    const before = Object.values(services).map(cpuOf);
    const startedMs = performance.now();
    await sleep(ROUND_MS);
    const elapsedMs = performance.now() - startedMs;
    Object.entries(services).forEach(([name, service], index) => {
      const share = (cpuOf(service) - (before[index] ?? 0)) / elapsedMs;
      shares.set(name, [...(shares.get(name) ?? []), share * 100]);
      sizes.set(name, [...(sizes.get(name) ?? []), residentMib(service)]);
    });
    noise.sample();
  }
  return {
    measures: Object.keys(services).flatMap((name): Measure[] => [
      alone(`${name}: CPU`, '% of a core', medianOf(shares.get(name) ?? []), { of: 'value', is: 'at most', bound: 2 }),
      alone(`${name}: memory`, 'MiB', medianOf(sizes.get(name) ?? []), { of: 'value', is: 'at most', bound: 200 }),
    ]),
    notes: [`${ROUNDS} rounds of ${ROUND_MS / 1_000} s, after ${WARM_UP.count} runs; memory is what Linux calls RSS`],
    details: [],
  };
}

function cpuOf({ pid }: ServiceProcess): number {
  const ms = cpuMsOf(pid);
  if (ms === null) throw new Error('Only Linux tells the CPU time of a process, in /proc.');
  return ms;
}

function residentMib({ pid }: ServiceProcess): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? Number.NaN) / 1_024;
}
