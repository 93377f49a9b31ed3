/**
 * B6: an interrupt is published → the signal of the node that executes is aborted. Two run-consumers with the default
 * settings share the partitions and the runs, and execute other runs meanwhile: mostly one of them admits the interrupt and
 * the other one has to receive it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@runlane/testkit';
import type { Client } from 'pg';
import type { RecordProducer } from '@runlane/kafka';
import type { Bench, BenchContext, Findings, Series } from '../bench.ts';
import { connectTo } from '../database.ts';
import { Deployment } from '../deployment.ts';
import { runRequests } from '../requests.ts';
import { alone, median, percentile } from '../statistics.ts';
import { InterruptibleRuns } from './interruptible-runs.ts';
import type { Interrupted } from './interruptible-runs.ts';

const ROUNDS = 5;
/** Of each round. */
const COUNT = 100;
const WARM_UP_COUNT = 40;
/** Runs that are started and interrupted at the same time. */
const AT_ONCE = 4;
/** Other runs, each on a thread of its own. */
const OTHERS_EVERY_MS = 100;
const DEADLINE_MS = 30_000;

export const interrupt: Bench = {
  what: "interrupt published to the executing node's signal aborted, two consumers at work (B6)",
  takes: [],
  run,
};

async function run(context: BenchContext): Promise<Findings> {
  const { servers, resources, noise, say } = context;
  const deployment = await Deployment.create(servers, resources);
  const producer = await deployment.producer();
  const database = await connectTo(deployment.databaseUrl, resources);
  const consumers = await Promise.all([deployment.runConsumer({}), deployment.runConsumer({})]);
  const runs = resources.use(new InterruptibleRuns(deployment.topics.requests, producer));
  const others = new OtherRuns(producer, deployment.topics.requests);
  resources.defer(() => others.stop());

  say('warming up');
  await interruptMany(runs, WARM_UP_COUNT);
  const rounds: Interrupted[][] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    rounds.push(await interruptMany(runs, COUNT));
    noise.sample();
  }
  await others.stop();
  const admitted = await admittedMs(database, rounds.flat());
  const shares = consumers.map(({ pid }) => rounds.flat().filter((one) => one.pid === pid).length);
  return {
    measures: [
      alone('interrupt published → signal aborted, p99', 'ms', overall(rounds, 0.99), {
        of: 'value',
        is: 'at most',
        bound: 250,
      }),
      alone('interrupt published → signal aborted, p50', 'ms', overall(rounds, 0.5)),
      alone('interrupt published → signal aborted, longest', 'ms', overall(rounds, 1)),
      alone('of which published → admitted', 'ms', { value: median(admitted), rounds: admitted }),
    ],
    notes: [
      `${ROUNDS} rounds of ${COUNT} interrupts, ${AT_ONCE} at once, beside ${1_000 / OTHERS_EVERY_MS} other runs/s; ` +
        'p50, p99 and longest are over all rounds, their spread is between rounds; of the stage it is between interrupts',
      `the two run-consumers executed ${shares.join(' and ')} of the interrupted runs`,
      'the clocks of processes on this machine are compared, and for the stage that of the database',
    ],
    details: [],
  };
}

/** Keeps `AT_ONCE` under way. */
async function interruptMany(runs: InterruptibleRuns, count: number): Promise<Interrupted[]> {
  const found: Interrupted[] = [];
  let left = count;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      found.push(await runs.interruptOne());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}

function overall(rounds: readonly Interrupted[][], share: number): Series {
  const latencies = rounds.map((round) => round.map(({ publishedMs, abortedMs }) => abortedMs - publishedMs));
  return { value: percentile(latencies.flat(), share), rounds: latencies.map((round) => percentile(round, share)) };
}

/** How long each interrupt took until its run was admitted. Thrown when one superseded nothing. */
async function admittedMs(database: Client, interrupted: readonly Interrupted[]): Promise<number[]> {
  const times = await eventually(
    async () => {
      const { rows } = await database.query<{ run_id: string; admitted_ms: string }>(
        `select superseded_by as run_id, extract(epoch from pending.occurred_at) * 1000 as admitted_ms
         from runlane.runs
         join runlane.outbox as pending on pending.run_id = superseded_by and pending.type = 'run.pending'
         where runs.status = 'interrupted' and superseded_by = any ($1)`,
        [interrupted.map(({ successorId }) => successorId)],
      );
      return rows.length < interrupted.length
        ? null
        : new Map(rows.map((row) => [row.run_id, Number(row.admitted_ms)]));
    },
    { what: `${interrupted.length} runs have ended as interrupted`, deadlineMs: DEADLINE_MS },
  );
  return interrupted.map(({ successorId, publishedMs }) => (times.get(successorId) ?? Number.NaN) - publishedMs);
}

/** Runs of the usual bench graph, started at a fixed pace until stopped. */
class OtherRuns {
  readonly #stopped = new AbortController();
  readonly #work: Promise<void>;

  constructor(producer: RecordProducer, topic: string) {
    this.#work = this.#publishPaced(producer, topic);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#work;
  }

  async #publishPaced(producer: RecordProducer, topic: string): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const [request] = runRequests(topic, { count: 1, threadCount: 1, durability: 'async' });
      if (request !== undefined) await producer.publish([request.record]);
      await sleep(OTHERS_EVERY_MS);
    }
  }
}
